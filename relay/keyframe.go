package relay

import "sync"

// keyGap is the shortest time between two key-frame requests to one publisher: a request for one
// layer makes its browser key all layers, and each costs everyone's bit rate.
const keyGap = 500 * millisecond

// keys gathers the key frames that a publisher's receivers need, and asks for them at its own pace.
type keys struct {
	mu     sync.Mutex // guards what follows
	wanted [kindCount]uint32
	asked  micros
	any    bool
}

// want notes that source needs a key frame of the stream with this SSRC.
func (k *keys) want(source *Source, ssrc uint32) {
	k.mu.Lock()
	k.wanted[source.kind] = ssrc
	k.any = true
	k.mu.Unlock()
}

// arrived notes that the stream's key frame came, which serves all who waited for one.
func (k *keys) arrived(st *stream) {
	k.mu.Lock()
	if k.wanted[st.source.kind] == st.ssrc {
		k.wanted[st.source.kind] = 0
	}
	k.mu.Unlock()
}

// due returns what is to be asked for now, by kind, 0 for none; ok is false while nothing is wanted or it is too early.
func (k *keys) due(now micros) (ssrcs [kindCount]uint32, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.any || (k.asked != 0 && now-k.asked < keyGap) {
		return ssrcs, false
	}
	ssrcs, k.wanted, k.any = k.wanted, ssrcs, false
	if ssrcs == [kindCount]uint32{} {
		return ssrcs, false
	}
	k.asked = now
	return ssrcs, true
}

// complaints slows one receiver's key-frame requests down: on a bad path each key frame breaks as
// well, and asking again and again only makes it worse for everybody who watches the same person.
type complaints struct {
	next micros
	wait micros
	last micros
}

const (
	firstWait = 500 * millisecond
	longWait  = 16 * second
	calm      = 20 * second
)

// allow reports whether a receiver's request at now is passed on.
func (c *complaints) allow(now micros) bool {
	if c.wait == 0 || now-c.last > calm {
		c.wait = firstWait
		c.next = 0
	}
	if now < c.next {
		return false
	}
	c.last = now
	c.next = now + c.wait
	c.wait = min(c.wait*2, longWait)
	return true
}
