package main

import (
	"bufio"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// There is no Docker where the tests run, so they read the Dockerfile themselves: they build the program as it
// says, lay the final stage's files out in a folder, and run it there, with nothing else in sight and as the
// user that it names.

const dockerfile = "deploy/Dockerfile"

// instruction is one line of a Dockerfile.
type instruction struct{ name, rest string }

// stage is what one FROM begins.
type stage struct {
	from         string
	instructions []instruction
}

// stages reads a Dockerfile that does without line continuations.
func stages(t *testing.T) []stage {
	t.Helper()
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	var all []stage
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		name, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasSuffix(line, `\`):
			t.Fatalf("%s: this test reads no continued lines: %s", dockerfile, line)
		case name == "FROM":
			all = append(all, stage{from: rest})
		default:
			last := &all[len(all)-1]
			last.instructions = append(last.instructions, instruction{name, rest})
		}
	}
	return all
}

// image is the final stage, laid out.
type image struct {
	root     string
	uid, gid int
	environ  []string
	command  []string // entry point and command
	health   []string
}

// goBuild finds the compilation in the stage that makes the program.
var goBuild = regexp.MustCompile(`^CGO_ENABLED=0 go build (-trimpath) -ldflags "([^"]*)" -o (\S+) (\S+)$`)

// compile builds the program as the stage before the final one does, and gives the place where that puts it.
func compile(t *testing.T, in stage, to string) (place string) {
	t.Helper()
	for _, one := range in.instructions {
		found := goBuild.FindStringSubmatch(one.rest)
		if found == nil {
			continue
		}
		build := exec.Command("go", "build", found[1], "-ldflags", found[2], "-o", to, found[4])
		build.Dir, build.Env = "..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return found[3]
	}
	t.Fatalf("%s compiles in no way that this test knows", dockerfile)
	return ""
}

var copied = regexp.MustCompile(`^--from=program (?:--chown=(\d+):(\d+) )?(\S+) (\S+)$`)

// layOut does what the final stage says.
func layOut(t *testing.T, all []stage) *image {
	t.Helper()
	i := &image{root: filepath.Join(t.TempDir(), "root")}
	program := filepath.Join(t.TempDir(), "parley")
	place := compile(t, all[len(all)-2], program)
	must(t, os.Mkdir(i.root, 0o755))
	for _, one := range all[len(all)-1].instructions {
		switch one.name {
		case "COPY":
			found := copied.FindStringSubmatch(one.rest)
			if found == nil {
				t.Fatalf("what is copied here? %s", one.rest)
			}
			to := filepath.Join(i.root, found[4])
			if found[3] == place {
				must(t, os.Rename(program, to))
			} else {
				must(t, os.Mkdir(to, 0o700)) // as install -d makes it
			}
			if found[1] != "" {
				must(t, os.Chown(to, number(t, found[1]), number(t, found[2])))
			}
		case "USER":
			user, group, _ := strings.Cut(one.rest, ":")
			i.uid, i.gid = number(t, user), number(t, group)
		case "ENV":
			i.environ = append(i.environ, one.rest)
		case "ENTRYPOINT", "CMD":
			i.command = append(i.command, list(t, one.rest)...)
		case "HEALTHCHECK":
			_, command, _ := strings.Cut(one.rest, "CMD ")
			i.health = list(t, command)
		case "VOLUME", "EXPOSE":
		default:
			t.Fatalf("%s %s: this test does not know what that does", one.name, one.rest)
		}
	}
	return i
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

func list(t *testing.T, text string) (words []string) {
	t.Helper()
	must(t, json.Unmarshal([]byte(text), &words))
	return words
}

// run prepares a command within the image.
func (i *image) run(environ []string, command ...string) *exec.Cmd {
	return &exec.Cmd{
		Path: command[0], Args: command, Dir: "/", Env: slices.Concat(i.environ, environ), Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{
			Chroot: i.root, Credential: &syscall.Credential{Uid: uint32(i.uid), Gid: uint32(i.gid)},
		},
	}
}

func TestTheImageRuns(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can go where nothing but the image's files is: skipped")
	}
	all := stages(t)
	if final := all[len(all)-1].from; final != "scratch" {
		t.Errorf("the final stage begins with %s, which brings files of others", final)
	}
	i := layOut(t, all)
	if i.uid == 0 || i.gid == 0 {
		t.Error("it runs as root")
	}
	static(t, filepath.Join(i.root, i.command[0]))
	node := i.run([]string{"PARLEY_HTTP=127.0.0.1:0", "PARLEY_RTC=127.0.0.1:0"}, i.command...)
	out, err := node.StdoutPipe()
	must(t, err)
	must(t, node.Start())
	timer := time.AfterFunc(patience, func() { node.Process.Kill() })
	defer timer.Stop()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("it says nothing: %v", err)
	}
	page := dial{site: strings.TrimSpace(address.FindString(line))}
	if err := page.healthy(); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(fmt.Sprintf("/proc/%d", node.Process.Pid)); err != nil || info.Sys().(*syscall.Stat_t).Uid != uint32(i.uid) {
		t.Errorf("it does not run as the image's user: %v", err)
	}
	if page.ready() == nil { // else the web app is not built, and the check is right to complain
		health := i.run([]string{"PARLEY_HTTP=" + strings.TrimPrefix(page.site, "http://")}, i.health...)
		if said, err := health.Output(); err != nil {
			t.Errorf("the health check: %v\n%s", err, said)
		}
	}
	must(t, node.Process.Signal(syscall.SIGTERM))
	if err := node.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
	var files []string
	must(t, filepath.WalkDir(i.root, func(path string, _ os.DirEntry, err error) error {
		files = append(files, strings.TrimPrefix(path, i.root))
		return err
	}))
	if got := strings.Join(files, " "); got != " /data /data/node.key /data/turn.keys /parley" {
		t.Errorf("there is%s", got)
	}
}

// static fails the test if the program needs a loader or a library.
func static(t *testing.T, path string) {
	t.Helper()
	file, err := elf.Open(path)
	must(t, err)
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a part of type %v", part.Type)
		}
	}
}

// What the Dockerfile copies must be let through by .dockerignore, and nothing that is built elsewhere.
func TestTheImageIsMadeOfTheSources(t *testing.T) {
	text, err := os.ReadFile("../.dockerignore")
	must(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if !slices.Contains(lines, "*") || !slices.Contains(lines, "**/node_modules") || !slices.Contains(lines, "webapp/dist/*") {
		t.Error(".dockerignore lets too much through")
	}
	for _, one := range stages(t) {
		for _, step := range one.instructions {
			if step.name != "COPY" || strings.HasPrefix(step.rest, "--from=") {
				continue
			}
			words := strings.Fields(step.rest)
			for _, source := range words[:len(words)-1] {
				if _, err := os.Stat(filepath.Join("..", source)); err != nil {
					t.Error(err)
				}
				if top, _, _ := strings.Cut(source, "/"); !slices.Contains(lines, "!"+top) {
					t.Errorf(".dockerignore holds %s back", source)
				}
			}
		}
	}
}
