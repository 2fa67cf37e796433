// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package oracle is what the commands that prepare a region of Oracle Cloud and take
// it down again have in common: flags, and the Secret with the API key.
package oracle

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/oracle/oci-go-sdk/v65/common"
	"github.com/spf13/pflag"

	"github.com/castai/omni/pkg/cloud/oci/onboarding"
)

// Flags say as whom and where Oracle Cloud is asked.
type Flags struct {
	ConfigFile, Profile, CompartmentID, Endpoint string
}

// AddFlags adds them to a command.
func (f *Flags) AddFlags(flags *pflag.FlagSet) {
	flags.StringVar(&f.ConfigFile, "oci-config-file", "", "Oracle Cloud: configuration of the OCI CLI (default $OCI_CLI_CONFIG_FILE, or ~/.oci/config)")
	flags.StringVar(&f.Profile, "oci-profile", "", "Oracle Cloud: profile in that file (default $OCI_CLI_PROFILE, or DEFAULT)")
	flags.StringVar(&f.CompartmentID, "compartment", "", "Oracle Cloud: OCID of the compartment (default that of spec.oci, or the tenancy)")
	flags.StringVar(&f.Endpoint, "oci-endpoint", "", "Oracle Cloud: URL of all its services, for an emulator (default $OCI_CLI_ENDPOINT, or those of the region)")
}

// Options of an onboarding for the flags; what is not theirs is left empty.
func (f *Flags) Options(progress io.Writer) (onboarding.Options, error) {
	signer, err := f.signer()
	if err != nil {
		return onboarding.Options{}, err
	}
	o := onboarding.Options{Signer: signer, CompartmentID: f.CompartmentID, Progress: progress}
	if endpoint := cmp.Or(f.Endpoint, os.Getenv("OCI_CLI_ENDPOINT")); endpoint != "" {
		o.Endpoint = func(string) string { return endpoint }
	}
	return o, nil
}

// signer reads the configuration as the OCI CLI does:
// https://docs.oracle.com/iaas/Content/API/SDKDocs/clienvironmentvariables.htm
func (f *Flags) signer() (common.ConfigurationProvider, error) {
	file := cmp.Or(f.ConfigFile, os.Getenv("OCI_CLI_CONFIG_FILE"), os.Getenv("OCI_CONFIG_FILE"))
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fmt.Errorf("--oci-config-file: %w", err)
		}
		file = filepath.Join(home, ".oci", "config")
	}
	profile := cmp.Or(f.Profile, os.Getenv("OCI_CLI_PROFILE"), "DEFAULT")
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("there is no configuration of the OCI CLI: run oci setup config, or name the file with --oci-config-file: %w", err)
	}
	signer, err := common.ConfigurationProviderFromFileWithProfile(file, profile, "")
	if err != nil {
		return nil, fmt.Errorf("--oci-config-file %s: %w", file, err)
	}
	if _, err := signer.TenancyOCID(); err != nil {
		return nil, fmt.Errorf("the profile %s of %s (--oci-profile) cannot be used: it needs user, tenancy, fingerprint, key_file and region: %w", profile, file, err)
	}
	return signer, nil
}
