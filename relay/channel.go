package relay

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/pion/webrtc/v4"
)

// channel is one data channel to a page.
type channel struct {
	dc    *webrtc.DataChannel
	ready atomic.Bool
}

// Data channels of a relay link, negotiated by number.
const (
	controlID = 0
	chatID    = 1
)

// fullAt is how many bytes may wait in a channel for a page that is slow.
const fullAt = 1 << 20

func (p *Port) openChannels() error {
	control, err := p.openChannel("control", controlID)
	if err != nil {
		return err
	}
	talk, err := p.openChannel("chat", chatID)
	if err != nil {
		return err
	}
	p.control = control
	p.chat = &chat{channel: talk}
	p.chat.rate.limit(p.relay.config.Limits.ChatKbps)
	control.dc.OnMessage(func(m webrtc.DataChannelMessage) { p.hear(m.Data) })
	control.dc.OnOpen(func() {
		control.ready.Store(true)
		p.room.post(p.greet)
	})
	talk.dc.OnMessage(func(m webrtc.DataChannelMessage) { p.pass(m.Data) })
	talk.dc.OnOpen(func() { talk.ready.Store(true) })
	return nil
}

func (p *Port) openChannel(label string, id uint16) (*channel, error) {
	yes := true
	dc, err := p.pc.CreateDataChannel(label, &webrtc.DataChannelInit{Negotiated: &yes, ID: &id, Ordered: &yes})
	if err != nil {
		return nil, fmt.Errorf("relay: open channel %s: %w", label, err)
	}
	return &channel{dc: dc}, nil
}

func (c *channel) open() bool { return c.ready.Load() }

var errFullChannel = errors.New("relay: send: the channel is full")

// send queues b. It never blocks; it fails on a channel that is not open, or full.
func (c *channel) send(b []byte) error {
	if !c.open() {
		return nil
	}
	if c.dc.BufferedAmount() > fullAt {
		return errFullChannel
	}
	return c.dc.Send(b)
}

// greet tells a page whose control channel opened everything from the start.
func (p *Port) greet() {
	list := []memberName{}
	for _, o := range *p.room.present.Load() {
		list = append(list, memberName{o.number, o.member})
	}
	p.tell(encodeMembers(list))
	for _, kind := range []Kind{Camera, Screen} {
		p.tell(encodeLayers(kind, p.sources[kind].wished.Load()))
	}
	p.room.disturb()
}

// tell sends a control message. A page whose control channel is full is beyond help.
func (p *Port) tell(b []byte) {
	if err := p.control.send(b); errors.Is(err, errFullChannel) {
		p.end("control channel full")
	}
}

// hear takes a page's control message, on the channel's reading goroutine.
func (p *Port) hear(b []byte) {
	m, err := decode(b)
	if err != nil {
		p.relay.stats.ControlRefused.Add(1)
		return
	}
	p.room.post(func() { p.apply(m) })
}

// apply does what a control message says, on the room's goroutine.
func (p *Port) apply(m any) {
	b := &p.board
	switch m := m.(type) {
	case uint32:
		if m <= b.revision && m > b.acked {
			b.acked = m
		}
	case []view:
		b.viewed = true
		clear(b.views)
		for _, v := range m {
			b.views[seatOf{v.member, v.kind}] = v
		}
		b.allocated = 0
	case mesh:
		b.mesh = m
		if m.down > 0 {
			p.down.path.begin(int(m.down), p.relay.config.Limits)
		}
	case announcement:
		p.sources[m.kind].claim.Store(&m)
	}
	p.room.disturb()
}

// startFloorKbps is where an estimate begins at least: a room of small pictures received little in the
// mesh because little was sent, not because the line is narrow. One that is shows within a second.
const startFloorKbps = 1000

// begin starts the estimate from what the page received in the mesh, as long as it has learnt nothing by itself.
// A line bears at least that; what it bears beyond, a mesh of bounded links does not tell.
func (d *path) begin(kbps int, l Limits) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.estimate.next == 0 {
		d.estimate.kbps = float64(min(max(2*kbps, startFloorKbps), l.CeilingKbps))
	}
}
