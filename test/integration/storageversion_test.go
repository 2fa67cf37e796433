// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1alpha1"
	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
)

// storedEdge is an Edge as the first release stored it; see testdata of install.
func storedEdge(t *testing.T) string {
	t.Helper()
	bytes, err := os.ReadFile("../../pkg/apis/omni/install/testdata/v0.1.0/v1alpha1.Edge.json")
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if err := json.Unmarshal(bytes, &object); err != nil {
		t.Fatal(err)
	}
	metadata := object["metadata"].(map[string]any)
	for _, field := range []string{"generateName", "selfLink", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds", "ownerReferences", "managedFields"} {
		delete(metadata, field)
	}
	metadata["namespace"], metadata["name"], metadata["finalizers"] = namespace, "old", []string{"omni.cast.ai/cleanup"}
	spec := object["spec"].(map[string]any)
	spec["edgeLocationName"], spec["instanceType"], spec["zone"] = "aws-oregon", "m7i.large", "us-west-2a"
	spec["nodeTemplateName"], spec["image"], spec["capacityType"] = "batch", "ami-0a1b2c3d4e5f60718", "spot"
	spec["taints"] = []any{}
	if bytes, err = json.Marshal(object); err != nil {
		t.Fatal(err)
	}
	return string(bytes)
}

// TestStorageVersion: an object that an earlier release stored is read in every
// version, keeps its bytes until it is written, and has those of now afterwards,
// which is what a StorageVersionMigration relies on.
func TestStorageVersion(t *testing.T) {
	dir := etcdtest.DataDir(t)
	s := newServerOn(t, dir)
	ctx := context.Background()
	store, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd.Endpoint(dir)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	const key = "/registry/omni.cast.ai/edges/" + namespace + "/old"
	stored := func() string {
		answer, err := store.Get(ctx, key)
		if err != nil || len(answer.Kvs) != 1 {
			t.Fatalf("read %s: %v %v", key, answer, err)
		}
		return string(answer.Kvs[0].Value)
	}
	before := storedEdge(t)
	if _, err := store.Put(ctx, key, before); err != nil {
		t.Fatal(err)
	}

	older, err := s.client().OmniV1alpha1().Edges(namespace).Get(ctx, "old", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	newer, err := s.client().OmniV1beta1().Edges(namespace).Get(ctx, "old", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if older.Spec.Image != "ami-0a1b2c3d4e5f60718" || newer.Spec.ImageID != older.Spec.Image || newer.Status.Launch.ImageID != older.Status.Launch.Image {
		t.Errorf("v1alpha1 has image %q, v1beta1 imageID %q", older.Spec.Image, newer.Spec.ImageID)
	}
	if stored() != before {
		t.Error("reading changed the stored bytes")
	}

	// The migrator writes back what it has read.
	if _, err := s.client().OmniV1alpha1().Edges(namespace).Update(ctx, older, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if after := stored(); strings.Contains(after, v1alpha1.SchemeGroupVersion.String()) {
		t.Errorf("the object is still stored as %s: %s", v1alpha1.SchemeGroupVersion, after)
	}
	if again, err := s.client().OmniV1beta1().Edges(namespace).Get(ctx, "old", metav1.GetOptions{}); err != nil || again.Spec.ImageID != newer.Spec.ImageID {
		t.Errorf("after the migration: %v %v", again, err)
	}
	testStorageVersionHash(t, s)
}

// testStorageVersionHash: both versions announce that they store the same.
func testStorageVersionHash(t *testing.T, s *testServer) {
	hashes := map[string]string{}
	for _, version := range []string{v1alpha1.SchemeGroupVersion.String(), v1beta1.SchemeGroupVersion.String()} {
		resources, err := s.client().Discovery().ServerResourcesForGroupVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range resources.APIResources {
			if strings.Contains(r.Name, "/") {
				continue
			}
			if hash, ok := hashes[r.Name]; r.StorageVersionHash == "" || ok && hash != r.StorageVersionHash {
				t.Errorf("%s of %s has storage version hash %q, the other version %q", r.Name, version, r.StorageVersionHash, hash)
			}
			hashes[r.Name] = r.StorageVersionHash
		}
	}
}
