// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/castai/omni/pkg/apis/omni"
	"github.com/castai/omni/pkg/catalog"
)

// continueVersion is the version of the tokens made here. A token of another
// version is as good as malformed: it is at most as old as the last upgrade.
const continueVersion = 1

// continueToken says where the next page begins, and of what.
type continueToken struct {
	Version int `json:"v"`
	// Query is the digest of the template's name, the filters and the order.
	Query []byte `json:"query"`
	// Source is the newest one of a price, List the digest of the whole list.
	Source string `json:"source"`
	List   []byte `json:"list"`
	// Last is the position of the last instance of the page before.
	Last catalog.Position `json:"last"`
}

// encode makes the token opaque: base64url of JSON, safe in a query.
func (t continueToken) encode() (string, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("encode the continue token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(text), nil
}

var errContinue = errors.New("continue: not a token of this list: pass metadata.continue of the page before as it is, or leave it out to start again")

func decodeContinue(text string) (*continueToken, error) {
	decoded, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errContinue
	}
	token := &continueToken{}
	decoder := json.NewDecoder(bytes.NewReader(decoded))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(token); err != nil || decoder.More() || token.Version != continueVersion {
		return nil, errContinue
	}
	return token, nil
}

// offer is an instance with its place in the list.
type offer struct {
	position catalog.Position
	instance omni.Instance
	source   catalog.Source
}

// newest is the source that was asked last.
func newest(offers []offer) (source catalog.Source) {
	for i := range offers {
		if source.Time.Before(&offers[i].source.Time) {
			source = offers[i].source
		}
	}
	return source
}

// page cuts the page out of the sorted offers that text, the continue token, and
// the limit ask for. token says of what the next page's token is.
func page(offers []offer, order catalog.Order, limit int64, token continueToken, text string) (*omni.InstanceList, error) {
	if text != "" {
		before, err := decodeContinue(text)
		if err != nil {
			return nil, apierrors.NewBadRequest(err.Error())
		}
		if !bytes.Equal(before.Query, token.Query) {
			return nil, apierrors.NewBadRequest("continue: the token is of another query: repeat the filters and sortBy of the first page, or leave it out to start again")
		}
		token.Last = before.Last
		if !bytes.Equal(before.List, token.List) {
			return nil, expired(before, token)
		}
		next, found := slices.BinarySearchFunc(offers, token.Last, func(o offer, last catalog.Position) int {
			return order.Compare(o.position, last)
		})
		if found {
			next++
		}
		offers = offers[next:]
	}
	list := &omni.InstanceList{Items: []omni.Instance{}}
	if rest := int64(len(offers)) - limit; limit > 0 && rest > 0 {
		offers = offers[:limit]
		token.Last = offers[limit-1].position
		var err error
		if list.Continue, err = token.encode(); err != nil {
			return nil, err
		}
		list.RemainingItemCount = &rest
	}
	for i := range offers {
		list.Items = append(list.Items, offers[i].instance)
	}
	return list, nil
}

// expired says that the list changed since the first page, and carries a token
// that goes on in the list of now, as Kubernetes does for compacted lists.
func expired(before *continueToken, now continueToken) error {
	text, err := now.encode()
	if err != nil {
		return err
	}
	changed := "the template or its edge locations have changed"
	if before.Source != now.Source {
		changed = fmt.Sprintf("the prices have changed from %s to %s", before.Source, now.Source)
	}
	gone := apierrors.NewResourceExpired("the list of instances is not the one the continue token was made for: " + changed +
		". Leave continue out to start again, or go on with metadata.continue of this answer, in which case what changed before that point is missed.")
	gone.ErrStatus.Continue = text
	return gone
}

// digestSize keeps tokens short; 128 bits are plenty, as nobody gains anything by
// a collision.
const digestSize = 16

// queryDigest is the same for the same template, filters and order.
func queryDigest(template *omni.NodeTemplate, query *instanceQuery, options *omni.InstanceOptions) []byte {
	asked := *options
	asked.SortBy, asked.Limit, asked.Continue = query.sortBy, 0, ""
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %#v", template.Namespace, template.Name, asked))
	return sum[:digestSize]
}

// listDigest is the same for the same instances at the same prices, however often
// the cloud was asked for them.
func listDigest(offers []offer) []byte {
	sum := sha256.New()
	for i := range offers {
		fmt.Fprintln(sum, offers[i].instance.Name, offers[i].instance.HourlyPrice)
	}
	return sum.Sum(nil)[:digestSize]
}
