// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// checkFairness has both servers refuse the same mistakes, so that none is faster
// by checking less.
func (b *bench) checkFairness(ctx context.Context) error {
	var errs []error
	for _, name := range []string{omni, crd} {
		t := b.targets[name]
		c, err := t.newClient(t.admin)
		if err != nil {
			return err
		}
		good := newEdge(t.group, 0)
		good.Finalizers = nil
		if err := c.create(ctx, encode(good)); err != nil {
			return fmt.Errorf("%s refuses a good Edge: %w", name, err)
		}
		if err := c.patch(ctx, statusPatch(newStatus(0)), good.Name, "status"); err != nil {
			return fmt.Errorf("%s refuses a good status: %w", name, err)
		}
		errs = append(errs, c.checkMistakes(ctx, t), c.Delete().AbsPath(c.edges, good.Name).Do(ctx).Error())
	}
	return errors.Join(errs...)
}

// checkMistakes returns every mistake that the server does not see. There is the
// good Edge already.
func (c *client) checkMistakes(ctx context.Context, t target) error {
	const dryRun = "dryRun"
	var errs []error
	refused := func(what string, err error) {
		switch {
		case err == nil:
			errs = append(errs, fmt.Errorf("%s does not check %s", t.name, what))
		case !apierrors.IsInvalid(err):
			errs = append(errs, fmt.Errorf("%s checks %s, but says: %w", t.name, what, err))
		}
	}
	for what, spoil := range mistakes {
		edge := newEdge(t.group, 1)
		spoil(edge)
		refused(what, c.create(ctx, encode(edge), dryRun, metav1.DryRunAll))
	}
	change := encode(map[string]any{"spec": map[string]string{"zone": "us-west-2b"}})
	refused("that spec is immutable", c.patch(ctx, change, edgeName(0), "", dryRun, metav1.DryRunAll))
	for what, spoil := range statusMistakes {
		status := newStatus(0)
		spoil(&status)
		refused(what, c.patch(ctx, statusPatch(status), edgeName(0), "status", dryRun, metav1.DryRunAll))
	}
	return errors.Join(errs...)
}

// mistakes spoil an Edge in all the ways that omni-apiserver refuses.
var mistakes = map[string]func(*v1beta1.Edge){
	"metadata.name":            func(e *v1beta1.Edge) { e.Name = "a.b" },
	"spec.edgeLocationName":    func(e *v1beta1.Edge) { e.Spec.EdgeLocationName = "A" },
	"that it names a location": func(e *v1beta1.Edge) { e.Spec.EdgeLocationName = "" },
	"spec.nodeTemplateName":    func(e *v1beta1.Edge) { e.Spec.NodeTemplateName = "B" },
	"spec.instanceType":        func(e *v1beta1.Edge) { e.Spec.InstanceType = "m7i large" },
	"spec.zone":                func(e *v1beta1.Edge) { e.Spec.Zone = "a b" },
	"spec.capacityType":        func(e *v1beta1.Edge) { e.Spec.CapacityType = "free" },
	"spec.imageID":             func(e *v1beta1.Edge) { e.Spec.ImageID = "x y" },
	"keys of labels":           func(e *v1beta1.Edge) { e.Spec.Labels["not ok"] = "" },
	"values of labels":         func(e *v1beta1.Edge) { e.Spec.Labels["ok"] = "not ok" },
	"reserved labels":          func(e *v1beta1.Edge) { e.Spec.Labels["x.liqo.io/y"] = "" },
	"spec.taints[].key":        func(e *v1beta1.Edge) { e.Spec.Taints[0].Key = "not ok" },
	"spec.taints[].value":      func(e *v1beta1.Edge) { e.Spec.Taints[0].Value = "not ok" },
	"spec.taints[].effect":     func(e *v1beta1.Edge) { e.Spec.Taints[0].Effect = "Never" },
	"reserved taints":          func(e *v1beta1.Edge) { e.Spec.Taints[0].Key = "omni.cast.ai/x" },
	"that taints are unique":   func(e *v1beta1.Edge) { e.Spec.Taints = append(e.Spec.Taints, e.Spec.Taints[0]) },
}

var statusMistakes = map[string]func(*v1beta1.EdgeStatus){
	"status.phase":               func(s *v1beta1.EdgeStatus) { s.Phase = "Lost" },
	"status.hourlyPrice":         func(s *v1beta1.EdgeStatus) { s.HourlyPrice = "-1" },
	"status.conditions[].type":   func(s *v1beta1.EdgeStatus) { s.Conditions[0].Type = "not ok" },
	"status.conditions[].status": func(s *v1beta1.EdgeStatus) { s.Conditions[0].Status = "Maybe" },
	"status.conditions[].reason": func(s *v1beta1.EdgeStatus) { s.Conditions[0].Reason = "not ok" },
	"that conditions are unique": func(s *v1beta1.EdgeStatus) { s.Conditions = append(s.Conditions, s.Conditions[0]) },
}
