// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package connection

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// reused keeps what was made for a location for as long as what it was made of
// does not change. Making one may take long and holds up no other location.
type reused[T any] struct {
	entries sync.Map // of *entry[T] by types.UID
}

type entry[T any] struct {
	mu     sync.Mutex
	made   bool
	madeOf string
	value  T
}

// get returns what was made of madeOf, or makes it. A failure is not kept.
func (r *reused[T]) get(uid types.UID, madeOf string, create func() (T, error)) (T, error) {
	found, _ := r.entries.LoadOrStore(uid, &entry[T]{})
	e := found.(*entry[T])
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.made && e.madeOf == madeOf {
		return e.value, nil
	}
	value, err := create()
	if err != nil {
		var none T
		return none, err
	}
	e.made, e.madeOf, e.value = true, madeOf, value
	return value, nil
}
