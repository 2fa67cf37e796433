// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"
)

//go:embed join.sh.tmpl
var joinScriptText string

// endOfFile ends the files in a join script.
const endOfFile = "OMNI_END_OF_FILE"

var joinScript = template.Must(template.New("join.sh").Parse(joinScriptText))

// JoinScript renders what joins a machine that somebody has already: one script of
// bash, to be run as root on it. location is namespace/name of the edge location;
// expires ends the life of the token, the only secret in the script.
func JoinScript(m Machine, location string, expires time.Time) (string, error) {
	files, err := joinFiles(&m)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if slices.Contains(strings.Split(f.Content, "\n"), endOfFile) {
			return "", fmt.Errorf("%s holds a line %s, which cannot be in a script", f.Path, endOfFile)
		}
	}
	var out strings.Builder
	err = joinScript.Execute(&out, map[string]any{
		"Location": location, "NodeName": m.NodeName, "Expires": expires.UTC().Format(time.RFC3339), "Files": files, "End": endOfFile,
		"Install": installPath, "Version": release(m.Version), "Join": joinPath, "Kubeconfig": kubeconfigPath,
	})
	if err != nil {
		return "", fmt.Errorf("render the join script: %w", err)
	}
	return out.String(), nil
}
