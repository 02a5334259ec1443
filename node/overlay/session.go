package overlay

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// How a node shows that it is there. Each end beats whether or not it has something else to say.
const (
	beatEvery = 500 * time.Millisecond
	// silence is three beats missed: nothing heard for so long is a node that is frozen or cut off.
	silence = 3 * beatEvery
	// helloWithin is how long a node may take to say its first word.
	helloWithin = 5 * time.Second
)

const (
	maxQueue  = 512 // messages that wait to be written
	maxAsked  = 512 // requests that wait for their answer
	maxOffers = 64  // offers of one node that are worked on at a time
)

var (
	errGone     = errors.New("overlay: ask node: it is gone")
	errBusy     = errors.New("overlay: ask node: too much waits for it")
	errReplaced = errors.New("overlay: a newer stream took its place")
	errSlow     = errors.New("overlay: the node does not read")
	errVersion  = errors.New("overlay: the node speaks another version")
	errNoHello  = errors.New("overlay: the node does not begin with hello")
)

// session is one kept stream to another node. Its reading goroutine runs it; another one writes; a third
// answers each offer.
type session struct {
	overlay *Overlay
	peer    peer.ID
	remote  *Remote // this session, in the words of others
	stream  network.Stream
	opened  bool // by this end

	far    hello // written before met is closed, then never
	load   atomic.Uint64
	met    chan struct{} // closed once both have said hello
	queue  chan []byte
	offers chan struct{} // holds a token per offer that is worked on

	done  chan struct{} // closed when the session is to end
	ended chan struct{} // closed when it has ended, and others have been told
	end   func(error)   // says why; only the first time counts
	cause error         // guarded by done

	requests requests
}

// requests are those that wait for their answers.
type requests struct {
	mu      sync.Mutex // guards the rest
	waiting map[uint64]chan message
	last    uint64
}

// enter takes a new request in.
func (r *requests) enter() (request uint64, reply chan message, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) >= maxAsked {
		return 0, nil, errBusy
	}
	reply = make(chan message, 1)
	r.last++
	r.waiting[r.last] = reply
	return r.last, reply, nil
}

// leave ends the waiting for a request.
func (r *requests) leave(request uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, request)
}

// answered gives an answer to whoever still waits for it.
func (r *requests) answered(request uint64, m message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if reply := r.waiting[request]; reply != nil {
		delete(r.waiting, request) // the first answer counts
		reply <- m
	}
}

func newSession(o *Overlay, stream network.Stream, opened bool) *session {
	s := &session{
		overlay: o, peer: stream.Conn().RemotePeer(), stream: stream, opened: opened,
		met: make(chan struct{}), queue: make(chan []byte, maxQueue), offers: make(chan struct{}, maxOffers),
		done: make(chan struct{}), ended: make(chan struct{}), requests: requests{waiting: map[uint64]chan message{}},
	}
	s.remote = &Remote{s}
	var once sync.Once
	s.end = func(err error) {
		once.Do(func() {
			s.cause = err
			close(s.done)
			_ = s.stream.Reset() // wakes whoever reads or writes; there is nobody to tell of an error
		})
	}
	return s
}

// run lives through the session and returns why it ended.
func (s *session) run() error {
	var writer sync.WaitGroup
	defer func() {
		s.end(io.EOF)
		writer.Wait()
	}()
	if err := s.greet(); err != nil {
		s.end(err)
		return s.cause
	}
	close(s.met)
	s.overlay.found(s)
	writer.Go(s.write)
	s.end(s.read())
	s.overlay.lost(s)
	return s.cause
}

// greet says hello and hears it.
func (s *session) greet() error {
	deadline := time.Now().Add(helloWithin)
	if err := s.stream.SetDeadline(deadline); err != nil {
		return err
	}
	text, err := encode(0, s.overlay.hello())
	if err != nil {
		return err
	}
	if _, err := s.stream.Write(text); err != nil {
		return err
	}
	// No more than the one frame is read here: what follows belongs to read.
	first, err := readFrame(s.stream)
	if err != nil {
		return err
	}
	_, m, err := decode(first)
	if err != nil {
		return err
	}
	far, ok := m.(hello)
	switch {
	case !ok:
		return errNoHello
	case far.Version != Version:
		return fmt.Errorf("%w: %d, and this one %d", errVersion, far.Version, Version)
	}
	s.far = far
	s.load.Store(math.Float64bits(far.Load))
	return s.stream.SetWriteDeadline(time.Time{})
}

// pulse reads from a stream and gives up when nothing comes.
type pulse struct{ stream network.Stream }

func (p pulse) Read(b []byte) (int, error) {
	if err := p.stream.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return p.stream.Read(b)
}

// read takes the far end's messages until there are no more.
func (s *session) read() error {
	r := bufio.NewReader(pulse{s.stream})
	for {
		text, err := readFrame(r)
		if err != nil {
			if errors.Is(err, errTooLong) {
				s.overlay.stats.Malformed.Add(1)
			}
			return err
		}
		request, m, err := decode(text)
		switch {
		case errors.Is(err, errUnknown) && request != 0:
			s.send(request, refused{"this node does not know what is asked"})
		case errors.Is(err, errUnknown): // of a newer release: there is nothing to answer
		case err != nil:
			s.overlay.stats.Malformed.Add(1)
			return err
		default:
			s.take(request, m)
		}
	}
}

// take does what one message says. What may take long has a goroutine of its own.
func (s *session) take(request uint64, m message) {
	switch m := m.(type) {
	case beat:
		s.load.Store(math.Float64bits(m.Load))
	case granted, answer, refused:
		s.requests.answered(request, m)
	default:
		s.serve(request, m)
	}
}

// write sends what is queued, and beats.
func (s *session) write() {
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		var text []byte
		select {
		case text = <-s.queue:
		case <-tick.C:
			var err error
			if text, err = encode(0, beat{s.overlay.load()}); err != nil {
				s.end(err)
				return
			}
		case <-s.done:
			return
		}
		if err := s.stream.SetWriteDeadline(time.Now().Add(silence)); err != nil {
			s.end(err)
			return
		}
		if _, err := s.stream.Write(text); err != nil {
			s.end(err)
			return
		}
	}
}

// send queues a message. It never blocks: a node that does not read is as good as gone.
func (s *session) send(request uint64, m message) error {
	text, err := encode(request, m)
	if err != nil {
		return err
	}
	select {
	case s.queue <- text:
		return nil
	default:
		s.end(errSlow)
		return errGone
	}
}

// ask sends a request and waits for the answer to it.
func (s *session) ask(ctx context.Context, m message) (message, error) {
	request, reply, err := s.requests.enter()
	if err != nil {
		return nil, err
	}
	defer s.requests.leave(request)
	if err := s.send(request, m); err != nil {
		return nil, err
	}
	select {
	case m := <-reply:
		if no, ok := m.(refused); ok {
			return nil, fmt.Errorf("overlay: ask node: it refused: %s", no.Reason)
		}
		return m, nil
	case <-s.done:
		return nil, errGone
	case <-ctx.Done():
		s.overlay.stats.Unanswered.Add(1)
		return nil, fmt.Errorf("overlay: ask node: %w", ctx.Err())
	}
}
