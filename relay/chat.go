package relay

import (
	"encoding/binary"
	"sync/atomic"
	"time"
)

// everybody as a number addresses all members.
const everybody = 0xFFFF

// patience is how long a page's chat may stay full before the page is cut.
const patience = 5 * second

// chat passes envelopes on and keeps none. The sender's reading goroutine owns rate; the rest is atomic.
type chat struct {
	*channel
	rate      bucket
	fullSince atomic.Int64 // micros since which the page does not keep up, 0 while it does
}

// envelopeHeader is from and to, two bytes each.
const envelopeHeader = 4

// pass carries one envelope from this page to those it is meant for. Who sends more than its share
// is made to wait, which its browser sees as a channel that fills.
func (p *Port) pass(b []byte) {
	limits := p.relay.config.Limits
	if len(b) < envelopeHeader || len(b) > envelopeHeader+limits.ChatMessage {
		p.relay.stats.ChatRefused.Add(1)
		return
	}
	for !p.chat.rate.take(p.relay.clock.now(), len(b)) {
		select {
		case <-p.life.done:
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	out := append([]byte(nil), b...)
	binary.BigEndian.PutUint16(out, p.number)
	to := binary.BigEndian.Uint16(b[2:])
	for _, o := range *p.room.present.Load() {
		if o != p && (to == everybody || to == o.number) {
			o.deliver(out)
		}
	}
}

// deliver queues an envelope for this page. While its channel is full envelopes are left out; the
// members' own log finds and mends the gap. A page that stays full is cut.
func (p *Port) deliver(b []byte) {
	now := p.relay.clock.now()
	err := p.chat.send(b)
	if err == nil {
		p.chat.fullSince.Store(0)
		p.relay.stats.ChatPassed.Add(1)
		return
	}
	p.relay.stats.ChatDropped.Add(1)
	if !p.chat.fullSince.CompareAndSwap(0, int64(now)) && now-micros(p.chat.fullSince.Load()) > patience {
		p.end("chat channel full")
	}
}
