package relay

import "sync"

// cacheSize is how many packets of a stream can be sent again: two seconds of a 2 Mbit/s layer.
const cacheSize = 512

// cache keeps the newest packets of one published stream for all of its receivers, so that a loss
// on one receiver's path never troubles the publisher.
type cache struct {
	mu      sync.Mutex // guards entries; held for one copy of a packet
	entries []cached
}

// cached is a packet without its RTP header: what differs per receiver is written anew.
type cached struct {
	valid     bool
	marker    bool
	codec     codec
	seq       uint16
	timestamp uint32
	payload   []byte
	described []byte
}

func newCache() *cache { return &cache{entries: make([]cached, cacheSize)} }

// put keeps a copy of p. Buffers grow to the size of the stream's packets and are then reused.
func (c *cache) put(p *packet) {
	c.mu.Lock()
	e := &c.entries[p.seq%cacheSize]
	e.valid, e.marker, e.codec = true, p.marker, p.codec
	e.seq, e.timestamp = p.seq, p.timestamp
	e.payload = append(e.payload[:0], p.payload...)
	e.described = append(e.described[:0], p.described...)
	c.mu.Unlock()
}

// get copies the packet numbered seq into p, whose payload buffer is reused, and reports whether it was there.
func (c *cache) get(seq uint16, p *packet) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := &c.entries[seq%cacheSize]
	if !e.valid || e.seq != seq {
		return false
	}
	p.marker, p.codec, p.seq, p.timestamp = e.marker, e.codec, e.seq, e.timestamp
	p.payload = append(p.payload[:0], e.payload...)
	p.described = append(p.described[:0], e.described...)
	return true
}
