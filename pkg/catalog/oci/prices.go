// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/castai/omni/pkg/catalog/lister"
	"github.com/castai/omni/pkg/cloud"
)

const (
	// PublicPriceListHost serves Oracle's price list to everybody, the same for all
	// regions.
	// https://docs.oracle.com/iaas/Content/Billing/Tasks/signingup_topic-Estimating_Costs.htm
	PublicPriceListHost = "https://apexapps.oracle.com"
	// PriceListPath is where it is.
	PriceListPath = "/pls/apex/cetools/api/v1/products/"
	// maxListBytes bounds it: it is less than 1 MiB.
	maxListBytes = 32 << 20
)

// family of shapes with the part numbers of its prices. Machines are paid for by
// OCPUs and GBs of memory, those with GPUs by the GPU alone.
type family struct {
	ocpu, memory, gpu string
	// gpuModel, and its memory by the data sheets of the maker: the API does not
	// tell.
	gpuModel string
	gpuGiB   int64
	// preemptible: it can be had as a spot machine. Bare metal cannot, nor can A10.
	// https://docs.oracle.com/iaas/Content/Compute/Concepts/preemptible.htm
	preemptible bool
}

// families by the name of the shape without its size. Part numbers are those of
// Oracle's price list; a family whose part number is in doubt is not in the table.
var families = map[string]*family{
	"VM.Standard3.Flex":   {ocpu: "B94176", memory: "B94177", preemptible: true},
	"VM.Optimized3.Flex":  {ocpu: "B93311", memory: "B93312", preemptible: true},
	"VM.Standard.E3.Flex": {ocpu: "B92306", memory: "B92307", preemptible: true},
	"VM.Standard.E4.Flex": {ocpu: "B93113", memory: "B93114", preemptible: true},
	"VM.Standard.E5.Flex": {ocpu: "B97384", memory: "B97385", preemptible: true},
	"VM.Standard.E6.Flex": {ocpu: "B111129", memory: "B111130", preemptible: true},
	"VM.Standard.A1.Flex": {ocpu: "B93297", memory: "B93298", preemptible: true},
	"VM.Standard.A2.Flex": {ocpu: "B109529", memory: "B109530"},
	"VM.GPU.A10":          {gpu: "B95909", gpuModel: "A10", gpuGiB: 24},
	"BM.GPU.A10":          {gpu: "B95909", gpuModel: "A10", gpuGiB: 24},
	"BM.GPU.A100-v2":      {gpu: "B95907", gpuModel: "A100", gpuGiB: 80},
	"BM.GPU.L40S":         {gpu: "B109479", gpuModel: "L40S", gpuGiB: 48},
	"BM.GPU.H100":         {gpu: "B98415", gpuModel: "H100", gpuGiB: 80},
	"BM.GPU.H200":         {gpu: "B110519", gpuModel: "H200", gpuGiB: 141},
}

// preemptibleShare of the on-demand price is what a preemptible machine costs.
// https://docs.oracle.com/iaas/Content/Compute/Concepts/preemptible.htm
const preemptibleShare = 0.5

// rates in US dollars per hour by part number.
type rates map[string]float64

// prices of all regions.
func (l *Lister) prices(ctx context.Context) (lister.PriceOf[parts], error) {
	var list rates
	err := l.asker.Page(ctx, func(ctx context.Context) (err error) {
		list, err = l.download(ctx)
		return err
	})
	return list.price, err
}

func (r rates) price(m *machine, spot bool) (float64, bool) {
	f, sum := m.Parts.family, 0.0
	if f.gpu != "" {
		sum = float64(m.GPUs) * r[f.gpu]
	} else if r[f.ocpu] > 0 && r[f.memory] > 0 {
		sum = m.Parts.ocpus*r[f.ocpu] + float64(m.MemoryBytes)/gibibyte*r[f.memory]
	}
	if spot {
		return sum * preemptibleShare, sum > 0 && f.preemptible
	}
	return sum, sum > 0
}

// download asks for the price list, in one piece: it has no pages.
func (l *Lister) download(ctx context.Context) (rates, error) {
	host := strings.TrimSuffix(l.PriceListHost, "/")
	if host == "" {
		host = PublicPriceListHost
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, host+PriceListPath+"?currencyCode=USD", nil)
	if err != nil {
		return nil, err
	}
	answer, err := l.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		class := cloud.ClassTransient
		if answer.StatusCode == http.StatusTooManyRequests {
			class = cloud.ClassThrottle
		}
		return nil, &cloud.Error{Class: class, Err: errors.New("Oracle's price list: " + answer.Status)}
	}
	return readPriceList(io.LimitReader(answer.Body, maxListBytes))
}

// priceList is the part of Oracle's price list that is read.
type priceList struct {
	Items []struct {
		PartNumber    string `json:"partNumber"`
		MetricName    string `json:"metricName"`
		Localizations []struct {
			CurrencyCode string `json:"currencyCode"`
			Prices       []struct {
				Model string  `json:"model"`
				Value float64 `json:"value"`
			} `json:"prices"`
		} `json:"currencyCodeLocalizations"`
	} `json:"items"`
}

// readPriceList takes what is paid for by the hour, as one goes. The first tier of
// Ampere A1 is free, for one machine of a tenancy: the dearest tier counts.
func readPriceList(body io.Reader) (rates, error) {
	var list priceList
	if err := json.NewDecoder(body).Decode(&list); err != nil {
		return nil, fmt.Errorf("Oracle's price list is not what it was: %w", err) //nolint:staticcheck // a name
	}
	all := rates{}
	for _, item := range list.Items {
		if !strings.HasSuffix(strings.ToLower(item.MetricName), " per hour") {
			continue
		}
		for _, localization := range item.Localizations {
			for _, price := range localization.Prices {
				if localization.CurrencyCode == "USD" && price.Model == "PAY_AS_YOU_GO" {
					all[item.PartNumber] = max(all[item.PartNumber], price.Value)
				}
			}
		}
	}
	return all, nil
}
