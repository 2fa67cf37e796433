// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package edgecluster

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/base64"
	"fmt"

	"github.com/castai/omni/pkg/apis/omni/v1beta1"
)

// platform is what differs between the clouds for a machine that boots.
type platform struct {
	name string
	// limit of user data in bytes, as size counts them; measured says how.
	limit    int
	size     func(bytes int) int
	measured string
	// gzip: the cloud carries any bytes, and cloud-init decompresses them.
	gzip bool
	// files and commands that the machine needs besides, before it joins.
	files    []file
	commands [][]string
}

const (
	metadataRules   = "/etc/omni/metadata.nft"
	metadataService = "omni-metadata.service"
)

var (
	//go:embed metadata.nft
	metadataRulesText string
	//go:embed metadata.service
	metadataServiceText string
)

// guard keeps the metadata service, which has the user data, from everybody but
// root. AWS does so itself: its answers travel one hop.
var guard = struct {
	files   []file
	command []string
}{
	[]file{
		{metadataRules, "0644", "root:root", metadataRulesText},
		{"/etc/systemd/system/" + metadataService, "0644", "root:root", metadataServiceText},
	},
	[]string{"systemctl", "enable", "--now", metadataService},
}

// openFirewall drops the rules of Oracle's Ubuntu images that refuse what comes
// from other machines and what is forwarded to pods: the network security group
// of the location decides about the former.
// https://docs.oracle.com/en-us/iaas/Content/Compute/References/images.htm#image-firewall
const openFirewall = `rules=/etc/iptables/rules.v4; [ ! -e "$rules" ] || { sed -i '/--reject-with icmp-host-prohibited/d' "$rules"; iptables-restore "$rules"; }`

var platforms = map[v1beta1.CloudProvider]*platform{
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
	v1beta1.ProviderAWS: {name: "EC2", limit: 16 << 10, size: plain, gzip: true},
	// A value of the metadata is text.
	// https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
	v1beta1.ProviderGCP: {
		name: "Compute Engine", limit: 256 << 10, size: plain,
		files: guard.files, commands: [][]string{guard.command},
	},
	// The limit is that of all metadata, keys and values, in which the user data
	// is base64.
	// https://docs.oracle.com/en-us/iaas/api/#/en/iaas/20160918/datatypes/LaunchInstanceDetails
	v1beta1.ProviderOCI: {
		name: "OCI", limit: 32000 - len("user_data"), size: base64.StdEncoding.EncodedLen, measured: " in base64", gzip: true,
		files: guard.files, commands: [][]string{{"sh", "-c", openFirewall}, guard.command},
	},
}

func plain(bytes int) int { return bytes }

// fit returns the data as the cloud takes them: compressed if they are too long
// otherwise. own is how much of them is the user's.
func (on *platform) fit(data []byte, own int) ([]byte, error) {
	if on.size(len(data)) <= on.limit {
		return data, nil
	}
	if on.gzip {
		var err error
		if data, err = compress(data); err != nil {
			return nil, err
		}
	}
	if size := on.size(len(data)); size > on.limit {
		return nil, tooLong(on, size, own)
	}
	return data, nil
}

// compress writes no time into the header: equal input gives equal bytes.
func compress(data []byte) ([]byte, error) {
	var out bytes.Buffer
	writer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = writer.Write(data)
	}
	if err == nil {
		err = writer.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress the user data: %w", err)
	}
	return out.Bytes(), nil
}
