// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/etcd/etcdtest"
	"github.com/castai/omni/pkg/generated/informers/externalversions"
)

func TestRestart(t *testing.T) {
	dir := etcdtest.DataDir(t)
	first := newServerOn(t, dir)
	if _, err := etcd.Start(dir, etcd.DefaultQuotaBytes); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("a second server on the directory: %v, want an error that names it", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory is open to others: %v %v", info.Mode(), err)
	}
	created := first.createLocation(t, "kept")
	first.stop()
	second := newServerOn(t, dir)
	if kept := second.location(t, "kept"); kept.UID != created.UID {
		t.Errorf("after a restart the object has UID %s, want %s", kept.UID, created.UID)
	}
}

// testInformers uses the default of client-go, which lists by a watch.
func testInformers(t *testing.T, s *testServer) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s.createLocation(t, "informed")
	factory := externalversions.NewSharedInformerFactory(s.client(), 0)
	group := factory.Omni().V1beta1()
	synced := []cache.InformerSynced{
		group.EdgeLocations().Informer().HasSynced, group.NodeTemplates().Informer().HasSynced, group.Edges().Informer().HasSynced,
	}
	deleted := make(chan string, 100)
	if _, err := group.EdgeLocations().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{DeleteFunc: func(object any) {
		key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
		deleted <- fmt.Sprint(key, err)
	}}); err != nil {
		t.Fatal(err)
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		t.Fatal("the informers have not synced")
	}
	if _, err := group.EdgeLocations().Lister().EdgeLocations(namespace).Get("informed"); err != nil {
		t.Fatal(err)
	}
	if err := s.client().OmniV1beta1().EdgeLocations(namespace).Delete(ctx, "informed", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case key := <-deleted:
			if key == namespace+"/informed<nil>" {
				return
			}
		case <-ctx.Done():
			t.Fatal("the informer has not seen the deletion")
		}
	}
}
