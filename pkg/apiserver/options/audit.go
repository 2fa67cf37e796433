// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package options

import (
	_ "embed" // the policy
	"errors"
	"fmt"
	"os"

	auditinternal "k8s.io/apiserver/pkg/apis/audit"
	"k8s.io/apiserver/pkg/audit"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	genericapiserver "k8s.io/apiserver/pkg/server"

	"github.com/castai/omni/pkg/apis/omni"
)

// auditPolicy is used when auditing is switched on without a policy, which the
// library would take for switching it off.
//
//go:embed audit-policy.yaml
var auditPolicy []byte

// applyAudit sets auditing up so that no policy writes a registration token down.
func (o *Options) applyAudit(config *genericapiserver.Config) error {
	options := *o.Recommended.Audit
	if options.PolicyFile == "" && (options.LogOptions.Path != "" || options.WebhookOptions.ConfigFile != "") {
		file, err := os.CreateTemp("", "omni-audit-policy-*.yaml")
		if err != nil {
			return fmt.Errorf("write the default audit policy (or set --audit-policy-file): %w", err)
		}
		defer os.Remove(file.Name()) // it is read once, by ApplyTo
		_, err = file.Write(auditPolicy)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("write the default audit policy (or set --audit-policy-file): %w", err)
		}
		options.PolicyFile = file.Name()
	}
	if err := options.ApplyTo(config); err != nil {
		return err
	}
	if config.AuditBackend != nil {
		config.AuditBackend = quiet{config.AuditBackend}
		config.AuditPolicyRuleEvaluator = capped{config.AuditPolicyRuleEvaluator}
	}
	return nil
}

// capped caps the level of requests whose bodies hold a registration token at
// Metadata, whatever the policy says.
type capped struct{ audit.PolicyRuleEvaluator }

func (e capped) EvaluatePolicyRule(a authorizer.Attributes) audit.RequestAuditConfig {
	config := e.PolicyRuleEvaluator.EvaluatePolicyRule(a)
	if holdsToken(a.GetAPIGroup(), a.GetResource(), a.GetSubresource()) && config.Level.GreaterOrEqual(auditinternal.LevelRequest) {
		config.Level = auditinternal.LevelMetadata
	}
	return config
}

// quiet leaves out of the events of such requests why they were refused, which
// repeats parts of a body that cannot be decoded. Code and reason stay.
type quiet struct{ audit.Backend }

func (b quiet) ProcessEvents(events ...*auditinternal.Event) bool {
	kept := make([]*auditinternal.Event, len(events))
	for i, event := range events {
		kept[i] = event
		ref := event.ObjectRef
		if event.ResponseStatus == nil || ref == nil || !holdsToken(ref.APIGroup, ref.Resource, ref.Subresource) {
			continue
		}
		// The event goes to other stages too.
		kept[i] = event.DeepCopy()
		kept[i].ResponseStatus.Message, kept[i].ResponseStatus.Details = "", nil
	}
	return b.Backend.ProcessEvents(kept...)
}

func holdsToken(group, resource, subresource string) bool {
	if group != omni.GroupName {
		return false
	}
	switch resource + "/" + subresource {
	case "edgelocations/onboard-script", "edgelocations/onboarding", "edges/join-command":
		return true
	}
	return false
}
