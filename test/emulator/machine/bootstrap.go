// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/certificate"
	"k8s.io/client-go/util/certificate/csr"
	"k8s.io/client-go/util/keyutil"
)

// csrTimeout is how long a boot waits for its certificate before it starts over.
const csrTimeout = 2 * time.Minute

// nodeCredentials returns a config with the machine's own certificate: the one it
// has from before, else a new one by TLS bootstrapping.
// https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/
func (j *join) nodeCredentials(ctx context.Context, store certificate.FileStore, now time.Time) (*rest.Config, error) {
	pair, err := store.Current()
	if err != nil || !j.owns(pair, now) {
		if pair, err = j.bootstrap(ctx, store); err != nil {
			return nil, fmt.Errorf("TLS bootstrap of %s: %w", j.nodeName, err)
		}
	}
	key, err := keyutil.MarshalPrivateKeyToPEM(pair.PrivateKey)
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(j.api)
	config.CertData, config.KeyData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), key
	return config, nil
}

// userName is who the machine is to the API server.
func (j *join) userName() string { return "system:node:" + j.nodeName }

func (j *join) owns(pair *tls.Certificate, now time.Time) bool {
	return pair.Leaf != nil && pair.Leaf.Subject.CommonName == j.userName() && now.Before(pair.Leaf.NotAfter)
}

// bootstrap asks for a client certificate with the bootstrap token and waits until
// it is approved and signed.
func (j *join) bootstrap(ctx context.Context, store certificate.FileStore) (*tls.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, csrTimeout)
	defer cancel()
	config := rest.CopyConfig(j.api)
	config.BearerToken = j.token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{Organization: []string{"system:nodes"}, CommonName: j.userName()},
	}, key)
	if err != nil {
		return nil, err
	}
	name, uid, err := csr.RequestCertificateWithContext(ctx, client,
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request}),
		"", certificatesv1.KubeAPIServerClientKubeletSignerName, nil,
		[]certificatesv1.KeyUsage{certificatesv1.UsageDigitalSignature, certificatesv1.UsageClientAuth}, key)
	if err != nil {
		return nil, err
	}
	cert, err := csr.WaitForCertificate(ctx, client, name, uid)
	if err != nil {
		return nil, fmt.Errorf("CertificateSigningRequest %s: %w (is it approved? system:bootstrappers:kubeadm:default-node-token needs the ClusterRoles system:node-bootstrapper and system:certificates.k8s.io:certificatesigningrequests:nodeclient)", name, err)
	}
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, err
	}
	return store.Update(cert, keyPEM)
}
