// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/apimachinery/pkg/runtime"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericoptions "k8s.io/apiserver/pkg/server/options"
	serverstorage "k8s.io/apiserver/pkg/server/storage"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	restclient "k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	"github.com/castai/omni/pkg/apiserver"
	"github.com/castai/omni/pkg/apiserver/claim"
	"github.com/castai/omni/pkg/apiserver/encryption"
	"github.com/castai/omni/pkg/apiserver/etcd"
	"github.com/castai/omni/pkg/apiserver/scheme"
)

// EtcdPrefix is where all keys live; every resource adds its own name.
const EtcdPrefix = "/registry/" + v1beta1.GroupName

// StorageOptions are ours, beside those of the API server library.
type StorageOptions struct {
	// DataDir holds the embedded etcd; empty with --etcd-servers.
	DataDir string
	// QuotaBytes is the size at which the embedded etcd refuses writes.
	QuotaBytes int64
	// EncryptionAtRest encrypts what is stored.
	EncryptionAtRest bool
}

func newStorageOptions() StorageOptions {
	return StorageOptions{QuotaBytes: etcd.DefaultQuotaBytes, EncryptionAtRest: true}
}

func (o *StorageOptions) addStorageFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.DataDir, "data-dir", o.DataDir, "Directory of the embedded etcd. Give this or --etcd-servers.")
	fs.Int64Var(&o.QuotaBytes, "etcd-quota-backend-bytes", o.QuotaBytes, "Size in bytes at which the embedded etcd refuses writes. Larger than 8 GiB is not advised.")
	fs.BoolVar(&o.EncryptionAtRest, "encryption-at-rest", o.EncryptionAtRest, "Encrypt objects in etcd. With an embedded etcd the key is made in "+encryption.FileName+" of --data-dir, unless --encryption-provider-config names another; with --etcd-servers the latter is required, because all replicas need the same key.")
}

// Embedded says whether the server runs its own etcd.
func (o *Options) Embedded() bool {
	return len(o.Recommended.Etcd.StorageConfig.Transport.ServerList) == 0
}

// etcdOptions are the options of etcd with the endpoint and the key of the
// embedded one.
func (o *Options) etcdOptions() *genericoptions.EtcdOptions {
	options := *o.Recommended.Etcd
	if o.Embedded() {
		options.StorageConfig.Transport.ServerList = []string{etcd.Endpoint(o.DataDir)}
		if o.ownKey() {
			options.EncryptionProviderConfigFilepath = encryption.File(o.DataDir)
		}
	}
	return &options
}

// ownKey says whether the key is the one that the server makes itself.
func (o *Options) ownKey() bool {
	return o.EncryptionAtRest && o.Embedded() && o.Recommended.Etcd.EncryptionProviderConfigFilepath == ""
}

func (o *Options) validateStorage() []error {
	var errs []error
	etcd := o.Recommended.Etcd
	switch {
	case o.Embedded() && o.DataDir == "":
		errs = append(errs, errors.New("no storage: set --data-dir (embedded etcd) or --etcd-servers"))
	case !o.Embedded() && o.DataDir != "":
		errs = append(errs, errors.New("--data-dir and --etcd-servers exclude each other: drop one"))
	}
	if etcd.DefaultStorageMediaType == runtime.ContentTypeProtobuf {
		errs = append(errs, fmt.Errorf("--storage-media-type %s: the types have no protobuf encoding, use %s", runtime.ContentTypeProtobuf, runtime.ContentTypeJSON))
	}
	if o.QuotaBytes <= 0 {
		errs = append(errs, fmt.Errorf("--etcd-quota-backend-bytes %d: want a positive number of bytes", o.QuotaBytes))
	}
	switch file := etcd.EncryptionProviderConfigFilepath; {
	case file != "" && !o.EncryptionAtRest:
		errs = append(errs, errors.New("--encryption-provider-config and --encryption-at-rest=false exclude each other: drop one"))
	case file == "" && o.EncryptionAtRest && !o.Embedded():
		errs = append(errs, errors.New("no encryption key: with --etcd-servers set --encryption-provider-config, the same file for every replica, or store in plain text with --encryption-at-rest=false"))
	}
	return errs
}

// applyStorage points the server at etcd, which must be running, once it is sure
// that the server can read what is there.
func (o *Options) applyStorage(ctx context.Context, config *apiserver.Config) error {
	options := o.etcdOptions()
	client, err := etcd.Connect(options.StorageConfig.Transport)
	if err != nil {
		return err
	}
	if err := o.checkStored(ctx, client, options); err != nil {
		_ = client.Close() // the first error is the one that counts
		return etcd.Explain(ctx, options.StorageConfig.Transport, err)
	}
	if err := addQuotaMonitor(config.Generic, client); err != nil {
		return err
	}
	if options.StorageConfig.StorageObjectCountTracker == nil {
		options.StorageConfig.StorageObjectCountTracker = config.Generic.StorageObjectCountTracker
	}
	factory := serverstorage.NewDefaultStorageFactory(
		options.StorageConfig,
		options.DefaultStorageMediaType,
		scheme.Codecs,
		serverstorage.NewDefaultResourceEncodingConfigForEffectiveVersion(scheme.Scheme, config.Generic.EffectiveVersion),
		serverstorage.NewResourceConfig(),
		nil,
	)
	return options.ApplyWithStorageFactoryTo(factory, &config.Generic.Config)
}

// checkStored makes the key if need be, and tries it on what is stored.
func (o *Options) checkStored(ctx context.Context, client *clientv3.Client, options *genericoptions.EtcdOptions) error {
	stored := etcd.Values(ctx, client, options.StorageConfig.Prefix)
	if o.ownKey() {
		if err := encryption.Ensure(o.DataDir, stored, rand.Reader); err != nil {
			return err
		}
	}
	return encryption.Check(ctx, options.EncryptionProviderConfigFilepath, stored)
}

// addQuotaMonitor gives the client away: it is closed when the server stops.
func addQuotaMonitor(config *genericapiserver.RecommendedConfig, client *clientv3.Client) error {
	monitor := etcd.NewQuotaMonitor(client, clock.RealClock{})
	// Not for readyz: a full store can be read, and an API server that is taken out
	// of its Service stops the deletion of every namespace of the main cluster.
	config.HealthzChecks = append(config.HealthzChecks, monitor)
	return config.AddPostStartHook("omni-etcd-quota", func(hook genericapiserver.PostStartHookContext) error {
		go func() {
			defer client.Close()
			monitor.Run(hook)
		}()
		return nil
	})
}

// Claim makes the data directory of an embedded etcd the one database of the main
// cluster. It returns nil if there is no main cluster, or several servers may
// share their etcd.
func (o *Options) Claim(ctx context.Context, main *restclient.Config) (*claim.Claim, error) {
	if main == nil || !o.Embedded() {
		return nil, nil
	}
	id, err := claim.ID(o.DataDir)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	client, err := coordinationclient.NewForConfig(main)
	if err != nil {
		return nil, err
	}
	c := &claim.Claim{Leases: client.Leases(claim.Namespace), ID: id, Host: host, Clock: clock.RealClock{}}
	return c, c.Acquire(ctx)
}
