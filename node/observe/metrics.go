package observe

import (
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/bridge"
	"parley/node/overlay"
	"parley/relay"
	"parley/relay/turn"
)

// Figures is everything that is counted in a node. Parts that it does not play are nil.
type Figures struct {
	Version string
	Node    string
	Bridge  *bridge.Stats
	Rooms   *Rooms
	Relay   *relay.Stats
	TURN    *turn.Stats
	Overlay *overlay.Stats
}

// Rooms reads the counters of a switchboard, which is this package's neighbour: it may not be seen from here.
type Rooms struct {
	Open      func() int64
	Members   func() int64
	Forwarded func() int64
	Plans     func() int64
}

// figure is one number that Prometheus comes to read. One whose name ends in _total only rises; others rise
// and fall.
type figure struct {
	name, help string
	read       func() float64
}

// reading makes an atomic counter readable for Prometheus.
func reading[N int64 | uint64](load func() N) func() float64 {
	return func() float64 { return float64(load()) }
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
	for _, one := range slices.Concat(roomed(f.Rooms), bridged(f.Bridge), relayed(f.Relay), turned(f.TURN), overlaid(f.Overlay)) {
		registry.MustRegister(one.collector())
	}
	for _, t := range tallies(f.Bridge) {
		registry.MustRegister(t)
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func (f figure) collector() prometheus.Collector {
	if strings.HasSuffix(f.name, "_total") {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: f.name, Help: f.help}, f.read)
	}
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: f.name, Help: f.help}, f.read)
}

func roomed(r *Rooms) []figure {
	if r == nil {
		return nil
	}
	return []figure{
		{"parley_rooms", "Rooms that are open.", reading(r.Open)},
		{"parley_members", "People in all rooms, those included whose signaling is cut.", reading(r.Members)},
		{"parley_plans_total", "Plans given to rooms: the first of a room, and one per switch.", reading(r.Plans)},
		{"parley_forwarded_total", "Descriptions, candidates and restarts passed from one member to another.", reading(r.Forwarded)},
	}
}

func bridged(b *bridge.Stats) []figure {
	if b == nil {
		return nil
	}
	return []figure{
		{"parley_connections", "Signaling connections that are open.", reading(b.Open.Load)},
		{"parley_dials_total", "Signaling connections opened.", reading(b.Dials.Load)},
		{"parley_turned_away_total", "Dials refused before they became a connection.", reading(b.Turned.Load)},
		{"parley_sent_messages_total", "Messages sent to pages.", reading(b.Sent.Load)},
		{"parley_sent_bytes_total", "Bytes of messages sent to pages.", reading(b.SentBytes.Load)},
		{"parley_wrong_passwords_total", "Wrong passwords.", reading(b.Wrong.Load)},
		{"parley_passwords_unread_total", "Passwords not looked at, because there had been too many.", reading(b.Unheard.Load)},
	}
}

func relayed(r *relay.Stats) []figure {
	if r == nil {
		return nil
	}
	return []figure{
		{"parley_relay_rooms", "Rooms with at least one connection to this node's relay.", reading(r.Rooms.Load)},
		{"parley_relay_connections", "Connections of pages to this node's relay.", reading(r.Ports.Load)},
		{"parley_relay_received_packets_total", "Media packets received by the relay.", reading(r.PacketsIn.Load)},
		{"parley_relay_sent_packets_total", "Media packets sent by the relay, those resent included.", reading(r.PacketsOut.Load)},
		{"parley_relay_resent_packets_total", "Packets that a page had missed and got again.", reading(r.Resent.Load)},
		{"parley_relay_unmet_requests_total", "Packets that a page had missed and the relay no longer had.", reading(r.NacksUnmet.Load)},
		{"parley_relay_key_requests_total", "Key frames that the relay asked pages for.", reading(r.KeyRequests.Load)},
		{"parley_relay_malformed_total", "Packets and reports that could not be read.", reading(r.Malformed.Load)},
		{"parley_relay_over_allowance_total", "Packets dropped because a page sent more than it had announced.", reading(r.OverAllowance.Load)},
		{"parley_relay_write_errors_total", "Packets that could not be sent.", reading(r.WriteErrors.Load)},
		{"parley_relay_chat_dropped_total", "Envelopes left out because a page did not take them in time.", reading(r.ChatDropped.Load)},
		{"parley_relay_cut_total", "Connections that the relay ended.", reading(r.Cut.Load)},
	}
}

func turned(t *turn.Stats) []figure {
	if t == nil {
		return nil
	}
	all := []figure{
		{"parley_turn_allocations", "Ways through TURN that are open.", reading(t.Allocations.Load)},
		{"parley_turn_connections", "TCP and TLS connections of TURN clients.", reading(t.Connections.Load)},
		{"parley_turn_allocated_total", "Ways through TURN that were opened.", reading(t.Allocated.Load)},
		{"parley_turn_to_peers_bytes_total", "Payload that TURN sent to peers.", reading(t.BytesToPeers.Load)},
		{"parley_turn_to_clients_bytes_total", "Payload that TURN sent to clients.", reading(t.BytesToClients.Load)},
		{"parley_turn_write_errors_total", "Packets that TURN could not send.", reading(t.WriteErrors.Load)},
	}
	for _, r := range turn.Reasons() {
		all = append(all, figure{
			"parley_turn_refused_" + strings.ReplaceAll(r.String(), "-", "_") + "_total", "What TURN refused for this reason.",
			func() float64 { return float64(t.Refused(r)) },
		})
	}
	return all
}

func overlaid(o *overlay.Stats) []figure {
	if o == nil {
		return nil
	}
	return []figure{
		{"parley_nodes", "Other nodes that are there.", reading(o.Peers.Load)},
		{"parley_nodes_lost_total", "Other nodes that were there and went.", reading(o.Losses.Load)},
		{"parley_strangers_total", "Connections of nodes that are not known here, turned away.", reading(o.Strangers.Load)},
		{"parley_node_malformed_total", "Streams to other nodes ended because of what they said.", reading(o.Malformed.Load)},
		{"parley_node_unanswered_total", "Requests that another node did not answer in time.", reading(o.Unanswered.Load)},
	}
}

// tallies are counters with a label.
func tallies(b *bridge.Stats) []tally {
	if b == nil {
		return nil
	}
	of := func(name, help, label string, counts *bridge.Tally) tally {
		return tally{prometheus.NewDesc(name, help, []string{label}, nil), counts}
	}
	return []tally{
		of("parley_received_messages_total", "Messages received from pages.", "type", &b.Received),
		of("parley_faults_total", "Faults told to pages.", "code", &b.Faults),
		of("parley_cuts_total", "Connections that the bridge ended.", "code", &b.Cuts),
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
