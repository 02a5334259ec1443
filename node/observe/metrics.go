package observe

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/bridge"
	"parley/relay"
)

// Figures is everything that is counted in a node.
type Figures struct {
	Version string
	Node    string
	Bridge  *bridge.Stats
	Rooms   Rooms
	Relay   *relay.Stats
}

// Rooms reads the counters of a switchboard, which is this package's neighbour: it may not be seen from here.
type Rooms struct {
	Open      func() int64
	Members   func() int64
	Forwarded func() int64
	Plans     func() int64
}

// figure is one number that Prometheus comes to read.
type figure struct {
	name, help string
	read       func() int64
}

// tally is one number per label.
type tally struct {
	desc   *prometheus.Desc
	counts *bridge.Tally
}

// metrics serves the figures as Prometheus text. Each node has a registry of its own, so that nothing
// is shared through package state.
func metrics(f Figures) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "parley_info", Help: "What runs here; always 1.",
		ConstLabels: prometheus.Labels{"version": f.Version, "node": f.Node},
	}, func() float64 { return 1 }))
	for _, g := range gauges(f) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help},
			func() float64 { return float64(g.read()) }))
	}
	for _, c := range counters(f) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return float64(c.read()) }))
	}
	for _, c := range relayed(f.Relay) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help},
			func() float64 { return float64(c.read()) }))
	}
	for _, t := range tallies(f) {
		registry.MustRegister(t)
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// gauges rise and fall.
func gauges(f Figures) []figure {
	return []figure{
		{"parley_rooms", "Rooms that are open.", f.Rooms.Open},
		{"parley_members", "People in all rooms, those included whose signaling is cut.", f.Rooms.Members},
		{"parley_connections", "Signaling connections that are open.", f.Bridge.Open.Load},
		{"parley_relay_rooms", "Rooms with at least one connection to this node's relay.", f.Relay.Rooms.Load},
		{"parley_relay_connections", "Connections of pages to this node's relay.", f.Relay.Ports.Load},
	}
}

// counters only rise.
func counters(f Figures) []figure {
	return []figure{
		{"parley_plans_total", "Plans given to rooms: the first of a room, and one per switch.", f.Rooms.Plans},
		{"parley_forwarded_total", "Descriptions, candidates and restarts passed from one member to another.", f.Rooms.Forwarded},
		{"parley_dials_total", "Signaling connections opened.", f.Bridge.Dials.Load},
		{"parley_turned_away_total", "Dials refused before they became a connection.", f.Bridge.Turned.Load},
		{"parley_sent_messages_total", "Messages sent to pages.", f.Bridge.Sent.Load},
		{"parley_sent_bytes_total", "Bytes of messages sent to pages.", f.Bridge.SentBytes.Load},
		{"parley_wrong_passwords_total", "Wrong passwords.", f.Bridge.Wrong.Load},
		{"parley_passwords_unread_total", "Passwords not looked at, because there had been too many.", f.Bridge.Unheard.Load},
	}
}

// count is a counter of the relay.
type count struct {
	name, help string
	read       func() uint64
}

// relayed are the relay's counters.
func relayed(r *relay.Stats) []count {
	return []count{
		{"parley_relay_received_packets_total", "Media packets received by the relay.", r.PacketsIn.Load},
		{"parley_relay_sent_packets_total", "Media packets sent by the relay, those resent included.", r.PacketsOut.Load},
		{"parley_relay_resent_packets_total", "Packets that a page had missed and got again.", r.Resent.Load},
		{"parley_relay_unmet_requests_total", "Packets that a page had missed and the relay no longer had.", r.NacksUnmet.Load},
		{"parley_relay_key_requests_total", "Key frames that the relay asked pages for.", r.KeyRequests.Load},
		{"parley_relay_malformed_total", "Packets and reports that could not be read.", r.Malformed.Load},
		{"parley_relay_over_allowance_total", "Packets dropped because a page sent more than it had announced.", r.OverAllowance.Load},
		{"parley_relay_write_errors_total", "Packets that could not be sent.", r.WriteErrors.Load},
		{"parley_relay_chat_dropped_total", "Envelopes left out because a page did not take them in time.", r.ChatDropped.Load},
		{"parley_relay_cut_total", "Connections that the relay ended.", r.Cut.Load},
	}
}

// tallies are counters with a label.
func tallies(f Figures) []tally {
	of := func(name, help, label string, counts *bridge.Tally) tally {
		return tally{prometheus.NewDesc(name, help, []string{label}, nil), counts}
	}
	return []tally{
		of("parley_received_messages_total", "Messages received from pages.", "type", &f.Bridge.Received),
		of("parley_faults_total", "Faults told to pages.", "code", &f.Bridge.Faults),
		of("parley_cuts_total", "Connections that the bridge ended.", "code", &f.Bridge.Cuts),
	}
}

// Describe is the first half of prometheus.Collector.
func (t tally) Describe(out chan<- *prometheus.Desc) { out <- t.desc }

// Collect is the second half of prometheus.Collector.
func (t tally) Collect(out chan<- prometheus.Metric) {
	t.counts.Each(func(label string, n int64) {
		out <- prometheus.MustNewConstMetric(t.desc, prometheus.CounterValue, float64(n), label)
	})
}
