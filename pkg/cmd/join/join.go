// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
	omniclient "github.com/castai/omni/pkg/generated/clientset/versioned/typed/omni/v1beta1"
)

// seenTimeout is how long omni-controller has to see a new Edge; it needs less than
// a second.
const seenTimeout = 30 * time.Second

// joiner gets the join command of one machine.
type joiner struct {
	streams   genericiooptions.IOStreams
	api       omniclient.OmniV1beta1Interface
	namespace string
	// edge is the name of an Edge that is there; empty: make one of spec.
	edge string
	spec v1beta1.EdgeSpec
}

func (j *joiner) run(ctx context.Context) error {
	location, err := j.api.EdgeLocations(j.namespace).Get(ctx, j.spec.EdgeLocationName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if !location.IsCustom() {
		return fmt.Errorf("edge location %s is in %s: OMNI buys the machines there itself; only a location with spec.provider Custom takes machines of yours",
			location.Name, location.Spec.Provider)
	}
	edge, err := j.find(ctx)
	if err != nil {
		return err
	}
	command, err := j.command(ctx, edge.Name)
	if err != nil && j.edge == "" {
		// What failed leaves nothing behind.
		return errors.Join(err, j.remove(ctx, edge))
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(j.streams.ErrOut, "Edge %s waits for its machine until %s. Run the script as root on it; to take it out again: kubectl delete edge %s -n %s\n",
		edge.Name, command.Status.ExpirationTime.Format(time.RFC3339), edge.Name, j.namespace)
	_, err = fmt.Fprint(j.streams.Out, command.Status.Script)
	return err
}

// find returns the Edge of the machine.
func (j *joiner) find(ctx context.Context) (*v1beta1.Edge, error) {
	if j.edge == "" {
		return j.api.Edges(j.namespace).Create(ctx, &v1beta1.Edge{
			ObjectMeta: metav1.ObjectMeta{GenerateName: j.spec.EdgeLocationName + "-"}, Spec: j.spec,
		}, metav1.CreateOptions{})
	}
	edge, err := j.api.Edges(j.namespace).Get(ctx, j.edge, metav1.GetOptions{})
	if err == nil && edge.Spec.EdgeLocationName != j.spec.EdgeLocationName {
		return nil, fmt.Errorf("--edge: edge %s is of the location %s, not %s", edge.Name, edge.Spec.EdgeLocationName, j.spec.EdgeLocationName)
	}
	return edge, err
}

// command asks for the script when omni-controller has seen the Edge.
func (j *joiner) command(ctx context.Context, edge string) (*v1beta1.JoinCommand, error) {
	if err := j.awaitSeen(ctx, edge); err != nil {
		return nil, err
	}
	command := &v1beta1.JoinCommand{}
	err := j.api.RESTClient().Post().Namespace(j.namespace).Resource("edges").Name(edge).SubResource("join-command").
		Body(&v1beta1.JoinCommand{}).Do(ctx).Into(command)
	return command, err
}

// awaitSeen waits for what omni-controller writes when it sees an Edge. A watch
// begins with the Edge as it is.
func (j *joiner) awaitSeen(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, seenTimeout)
	defer cancel()
	edges, err := j.api.Edges(j.namespace).Watch(ctx, metav1.ListOptions{
		FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String(),
	})
	if err != nil {
		return fmt.Errorf("watch the edge %s: %w", name, err)
	}
	_, err = watchtools.UntilWithoutRetry(ctx, edges, func(e watch.Event) (bool, error) {
		edge, ok := e.Object.(*v1beta1.Edge)
		if !ok || e.Type == watch.Deleted {
			return false, fmt.Errorf("edge %s was deleted meanwhile", name)
		}
		return edge.Status.NodeName != "", nil
	})
	if ctx.Err() != nil {
		return fmt.Errorf("omni-controller has not seen the edge %s within %s: is it running?", name, seenTimeout)
	}
	return err
}

// remove deletes an Edge that this command has made, also when it was interrupted.
func (j *joiner) remove(ctx context.Context, edge *v1beta1.Edge) error {
	err := j.api.Edges(j.namespace).Delete(context.WithoutCancel(ctx), edge.Name, metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &edge.UID}})
	if err != nil {
		return fmt.Errorf("delete the edge %s that was made for it: %w", edge.Name, err)
	}
	return nil
}
