// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	corev1 "k8s.io/api/core/v1"
	migrationv1 "k8s.io/api/storagemigration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/castai/omni/pkg/apiserver/etcd"
)

// TestStorageVersionMigration: the main cluster's own migrator rewrites what an
// earlier release has stored: an object of v1alpha1, not encrypted.
func TestStorageVersionMigration(t *testing.T) {
	const name = "stored-long-ago"
	// Nobody else shall write the object.
	lab.restart(t, "omni-controller")
	lab.do(t, "stop", "omni-controller")
	store, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd.Endpoint(filepath.Join(lab.dir, "omni-apiserver", "data"))}})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const key = "/registry/omni.cast.ai/edgelocations/" + teamA + "/" + name
	const old = `{"apiVersion":"omni.cast.ai/v1alpha1","kind":"EdgeLocation",` +
		`"metadata":{"name":"` + name + `","namespace":"` + teamA + `","uid":"0b1c2d3e-4f50-4161-8273-8495a6b7c8d9","generation":1,"creationTimestamp":"2026-01-02T03:04:05Z"},` +
		`"spec":{"provider":"AWS","region":"us-west-2","controlPlane":{"external":{"kubeconfigSecretRef":{"name":"edge"}}},"nodeDefaults":{"image":"ami-0a1b2c3d4e5f60718","diskGiB":30}}}`
	if _, err := store.Put(t.Context(), key, old); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := locations().Delete(context.Background(), name, metav1.DeleteOptions{}); err != nil {
			t.Errorf("delete the location: %v", err)
		}
	})

	migration := &migrationv1.StorageVersionMigration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "omni-"},
		Spec:       migrationv1.StorageVersionMigrationSpec{Resource: metav1.GroupResource{Group: "omni.cast.ai", Resource: "edgelocations"}},
	}
	create(t, migration)
	eventually(t.Context(), t, "the migration has succeeded", func(ctx context.Context) error {
		if err := lab.main.Get(ctx, client.ObjectKeyFromObject(migration), migration); err != nil {
			return err
		}
		for _, condition := range migration.Status.Conditions {
			if condition.Type == string(migrationv1.MigrationSucceeded) && string(condition.Status) == string(corev1.ConditionTrue) {
				return nil
			}
		}
		return fmt.Errorf("conditions %+v", migration.Status.Conditions)
	})
	answer, err := store.Get(t.Context(), key)
	if err != nil || len(answer.Kvs) != 1 {
		t.Fatalf("read the store: %v %v", answer, err)
	}
	if value := string(answer.Kvs[0].Value); !strings.HasPrefix(value, "k8s:enc:secretbox:") {
		t.Errorf("the object is still stored as it was, or not encrypted: %.80q", value)
	}
	location, err := locations().Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if location.Spec.NodeDefaults == nil || location.Spec.NodeDefaults.ImageID != "ami-0a1b2c3d4e5f60718" || location.Generation != 1 {
		t.Errorf("the migration changed the object: %+v", location)
	}
}
