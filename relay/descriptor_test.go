package relay

import (
	"bytes"
	"testing"
)

// bitWriter is the other side of bitReader.
type bitWriter struct {
	b []byte
	n int
}

func (w *bitWriter) put(v, bits int) {
	for i := bits - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[w.n/8] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

// below writes v, which is smaller than n.
func (w *bitWriter) below(v, n int) {
	bits := 0
	for x := n; x > 0; x >>= 1 {
		bits++
	}
	if m := 1<<bits - n; v < m {
		w.put(v, bits-1)
	} else {
		w.put(v+m, bits)
	}
}

// descriptorWriter writes dependency descriptors. Of each layer it has two templates, the first one
// for key pictures.
type descriptorWriter struct {
	custom bool // spells out what a template would say
}

const templateOffset = 50 // so that ids run over 63

// write makes the descriptor of one packet.
func (d *descriptorWriter) write(c *svcCamera, f *madeFrame, key, start, end bool) []byte {
	var w bitWriter
	structure := key && start && f.spatial == 0
	template := 2 * (f.spatial*c.temporal + f.temporal)
	if !key {
		template++
	}
	custom := d.custom && !structure
	if custom {
		template ^= 1 // of the same layer, but wrong in all else
	}
	w.put(oneIf(start), 1)
	w.put(oneIf(end), 1)
	w.put((template+templateOffset)%64, 6)
	w.put(int(c.frame), 16)
	if !structure && !custom {
		return w.b
	}
	w.put(oneIf(structure), 1)
	w.put(0, 1)
	w.put(oneIf(custom), 1)
	w.put(oneIf(custom), 1)
	w.put(0, 1)
	if structure {
		d.structure(&w, c)
	}
	if custom {
		for target := range c.spatial * c.temporal {
			w.put(indication(c, f.spatial, f.temporal, key, target), 2)
		}
		for range f.refs {
			w.put(1, 2)
			w.put(3, 4)
		}
		w.put(0, 2)
	}
	return w.b
}

func (d *descriptorWriter) structure(w *bitWriter, c *svcCamera) {
	w.put(templateOffset, 6)
	w.put(c.spatial*c.temporal-1, 5)
	templates := 2 * c.spatial * c.temporal
	for i := range templates {
		switch {
		case i == templates-1:
			w.put(3, 2)
		case i%2 == 0:
			w.put(0, 2)
		case i/2%c.temporal == c.temporal-1:
			w.put(2, 2)
		default:
			w.put(1, 2)
		}
	}
	for i := range templates {
		for target := range c.spatial * c.temporal {
			w.put(indication(c, i/2/c.temporal, i/2%c.temporal, i%2 == 0, target), 2)
		}
	}
	for i := range templates {
		if i%2 == 1 || i/2/c.temporal > 0 {
			w.put(1, 1)
			w.put(2, 4)
		}
		w.put(0, 1)
	}
	chains := c.spatial
	w.below(chains, c.spatial*c.temporal+1)
	for target := range c.spatial * c.temporal {
		w.below(target/c.temporal, chains)
	}
	for range templates * chains {
		w.put(5, 4)
	}
	w.put(1, 1)
	for s := range c.spatial {
		w.put(320<<s-1, 16)
		w.put(180<<s-1, 16)
	}
}

// indication is what a frame is to a decode target; targets are ordered by size, then by rate.
func indication(c *svcCamera, spatial, temporal int, key bool, target int) int {
	s, t := target/c.temporal, target%c.temporal
	switch {
	case spatial > s || temporal > t:
		return 0
	case key:
		return 2
	case spatial < s && c.keyed:
		return 0
	case temporal == 0 && spatial == s:
		return 2
	case temporal > 0 && temporal == t && spatial == s:
		return 1
	}
	return 3
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A structure comes once, later packets refer to it, and what refers to none is refused.
func TestDescriptor(t *testing.T) {
	c := &svcCamera{codec: codecAV1, spatial: 3, temporal: 3, keyed: true, frame: 65534}
	var r describer
	if _, ok := r.read([]byte{0xC0 | templateOffset, 0, 1}); ok {
		t.Error("read without a structure")
	}
	var key []byte
	for i, f := range append(c.shoot(true, 1), c.shoot(false, 1)...) {
		b := f.packets[0].GetExtension(svcExtension)
		if i == 0 {
			key = b
			if len(b) <= 16 {
				t.Errorf("the structure takes %d bytes only", len(b))
			}
		} else if len(b) != 3 {
			t.Errorf("packet %d takes %d bytes", i, len(b))
		}
		d, ok := r.read(b)
		if !ok || d.number != uint16(65534+i) || !d.start || !d.end || int(d.spatial) != f.spatial || int(d.temporal) != f.temporal || d.alone != (i == 0) {
			t.Fatalf("frame %d of layer %d/%d is read as %+v, %v", i, f.spatial, f.temporal, d, ok)
		}
	}
	// Three key frames' needs: all targets, those of the upper two sizes, those of the top one; what is
	// above the stream's top stands for the top.
	for i, want := range []mask{0xFFFF, 0xFFF0, 0xFF00} {
		if got := r.current.list[i*6].needed; got != want {
			t.Errorf("key frame of layer %d is needed for %04x, not %04x", i, got, want)
		}
	}
	if got := r.current.list[1].needed; got != 0x000F {
		t.Errorf("a small frame is needed for %04x", got)
	}
	if got := r.current.list[5]; got.needed != 0x000C || got.spare != 0x000C || got.entry != 0 {
		t.Errorf("a frame of the highest rate: %+v", got)
	}
	before := *r.current
	for cut := 4; cut < len(key); cut++ {
		if _, ok := r.read(key[:cut]); ok {
			t.Fatalf("took a structure cut to %d of %d bytes", cut, len(key))
		}
	}
	if *r.current != before {
		t.Error("a broken structure took the place of a good one")
	}
}

func FuzzDescriptor(f *testing.F) {
	c := &svcCamera{codec: codecAV1, spatial: 3, temporal: 3}
	c.descriptors.custom = true
	frames := append(c.shoot(true, 1), c.shoot(false, 1)...)
	key := frames[0].packets[0].GetExtension(svcExtension)
	for _, one := range frames {
		f.Add(key, one.packets[0].GetExtension(svcExtension))
	}
	f.Add([]byte{0, 0, 0, 0x80}, bytes.Repeat([]byte{0xFF}, 200))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		var r describer
		for _, one := range [][]byte{a, b, a} {
			d, ok := r.read(one)
			if ok && (d.entry&^d.needed != 0 || d.spare&^d.needed != 0) {
				t.Fatalf("%x: a target can begin with what it has no part in: %+v", one, d)
			}
			if ok && len(one) < 3 {
				t.Fatalf("%x was read", one)
			}
		}
	})
}
