package bridge

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

const index = "index.html"

// site is the built web app, held in memory: it is small, and never changes while the node runs.
type site struct {
	files map[string]*file
}

type file struct {
	kind  string // media type
	cache string // Cache-Control
	plain form
	gzip  *form // nil where it saves nothing
}

// form is one way in which a file is sent.
type form struct {
	body []byte
	tag  string // ETag
}

// urlMark is where index.html takes the public URL, which links and QR codes are made of.
const urlMark = `<meta name="parley-url" content="`

func readSite(from fs.FS, url string) (*site, error) {
	s := &site{files: map[string]*file{}}
	err := fs.WalkDir(from, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if name == index {
			body = bytes.Replace(body, []byte(urlMark), []byte(urlMark+html.EscapeString(url)), 1)
		}
		s.files[name] = newFile(name, body)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read web app: %w", err)
	}
	if s.files[index] == nil {
		return nil, fmt.Errorf("read web app: it has no %s", index)
	}
	return s, nil
}

func newFile(name string, body []byte) *file {
	sum := sha256.Sum256(body)
	tag := hex.EncodeToString(sum[:12])
	f := &file{kind: kindOf(name), cache: "no-cache", plain: form{body, `"` + tag + `"`}}
	if strings.HasPrefix(name, "assets/") { // their names change with their content
		f.cache = "public, max-age=31536000, immutable"
	}
	if packed := pack(f.kind, body); packed != nil {
		f.gzip = &form{packed, `"` + tag + `-gz"`}
	}
	return f
}

// kinds is what a web app holds. Go's own table depends on the host's /etc/mime.types.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".webmanifest": "application/manifest+json",
	".txt": "text/plain; charset=utf-8", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp",
	".woff2": "font/woff2", ".wasm": "application/wasm", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".map": "application/json",
}

func kindOf(name string) string {
	ext := strings.ToLower(path.Ext(name))
	if kind, ok := kinds[ext]; ok {
		return kind
	}
	if kind := mime.TypeByExtension(ext); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// pack compresses text, where that saves a tenth at least.
func pack(kind string, body []byte) []byte {
	text := strings.HasPrefix(kind, "text/") || strings.Contains(kind, "json") || strings.Contains(kind, "xml") || kind == "application/wasm"
	if !text {
		return nil
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil { // the level is a valid one
		panic("bridge: compress: " + err.Error())
	}
	_, _ = z.Write(body) // into memory
	_ = z.Close()
	if out.Len() > len(body)*9/10 {
		return nil
	}
	return out.Bytes()
}

// serve answers with a file, or says that there is none.
func (s *site) serve(w http.ResponseWriter, r *http.Request, name string) {
	f, ok := s.files[name]
	if !ok {
		refuse(w, http.StatusNotFound, "There is nothing here.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.cache)
	form := f.plain
	if f.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if r.Header.Get("Range") == "" && takesGzip(r.Header.Get("Accept-Encoding")) {
			form = *f.gzip
			h.Set("Content-Encoding", "gzip")
			h.Set("Content-Length", strconv.Itoa(len(form.body))) // ServeContent leaves it out for encoded bodies
		}
	}
	h.Set("ETag", form.tag)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(form.body))
}

func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(accepted, ",") {
		coding, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimPrefix(strings.ReplaceAll(params, " ", ""), "q="), 64)
		return err != nil || weight > 0
	}
	return false
}
