// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"k8s.io/apimachinery/pkg/util/wait"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/castai/omni/test/emulator/aws/awstest"
)

func TestPreemption(t *testing.T) {
	clk := clocktesting.NewFakeClock(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	endpoint := awstest.StartEmulatorWithClock(t, clk)
	cfg := awstest.Config(endpoint)
	c := &cloud{endpoint: endpoint, cfg: cfg, ec2: ec2.NewFromConfig(cfg)}
	c.image = c.ubuntu(t, "amd64")
	onDemand := c.run(t, c.launch(types.InstanceTypeM5Large, ""))
	request := c.launch(types.InstanceTypeM5Large, "")
	request.InstanceMarketOptions = &types.InstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot}
	spot := c.run(t, request)

	for _, test := range []struct {
		method, id string
		status     int
	}{
		{http.MethodGet, spot, http.StatusNotFound},
		{http.MethodPost, "i-0123456789abcdef0", http.StatusNotFound},
		{http.MethodPost, onDemand, http.StatusBadRequest},
		{http.MethodPost, spot, http.StatusOK},
		{http.MethodPost, spot, http.StatusOK}, // told again, at the same time
		{http.MethodGet, spot, http.StatusOK},
	} {
		clk.Step(time.Second)
		if status, notice := c.preempt(t, test.method, test.id); status != test.status || status == http.StatusOK && notice["time"] != "2026-11-23T00:02:04Z" {
			t.Fatalf("%s %s: %d, %v; want %d", test.method, test.id, status, notice, test.status)
		}
	}
	if state := c.state(t, spot); state != types.InstanceStateNameRunning {
		t.Fatalf("the machine is %s before its time", state)
	}
	clk.Step(2 * time.Minute)
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
		return c.state(t, spot) == types.InstanceStateNameTerminated, nil
	})
	if err != nil {
		t.Errorf("the machine is %s after its time", c.state(t, spot))
	}
	if state := c.state(t, onDemand); state != types.InstanceStateNameRunning {
		t.Errorf("the other machine is %s", state)
	}
}

func (c *cloud) run(t *testing.T, request *ec2.RunInstancesInput) string {
	t.Helper()
	out, err := c.ec2.RunInstances(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return awssdk.ToString(out.Instances[0].InstanceId)
}

func (c *cloud) state(t *testing.T, id string) types.InstanceStateName {
	t.Helper()
	out, err := c.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Reservations[0].Instances[0].State.Name
}

func (c *cloud) preempt(t *testing.T, method, id string) (status int, notice map[string]string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.endpoint+"/_emulator/preempt/"+awstest.Region+"/"+id, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		if err := json.NewDecoder(res.Body).Decode(&notice); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode, notice
}
