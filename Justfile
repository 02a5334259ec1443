# What can be done here: `npx --yes rust-just` lists it, `npx --yes rust-just up` does the first thing.
# Nothing but Go and Node is needed; just itself comes from npm.

set shell := ["bash", "-euo", "pipefail", "-c"]
set positional-arguments

# The system's browsers are used, so nothing downloads its own.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := "1"
export PUPPETEER_SKIP_DOWNLOAD := "1"

staticcheck := "honnef.co/go/tools/cmd/staticcheck@v0.8.2"
govulncheck := "golang.org/x/vuln/cmd/govulncheck@v1.1.4"

# list what can be done
default:
    @{{ quote(just_executable()) }} --list --unsorted

# build what has changed and run a node: just up --http 9000
up *settings: build
    @exec ./parley up "$@"

# make ./parley, one file with the web app inside
build: _web
    @CGO_ENABLED=0 go build -trimpath -o parley ./node

# run everything that must hold, real browsers included
test: _needs lint _web-test build _go-test e2e

# the calls in real browsers: just e2e mesh.spec.ts
e2e *only: _needs build (_npm "e2e")
    @npm --prefix e2e --silent test -- "$@"

# write what is made from the protocol: TypeScript types, and tables in PROTOCOL.md
gen:
    go run ./bridge/signal/gen

# look at the code without running it
lint: (_npm "webapp") (_npm "e2e")
    @echo "== go: format, vet, staticcheck, known holes"
    @test -z "$(gofmt -l bridge node relay webapp/*.go | tee /dev/stderr)" || { echo "run gofmt -w on these"; exit 1; }
    @go vet ./...
    @if go run {{ staticcheck }} -version > /dev/null 2>&1; then go run {{ staticcheck }} ./...; \
      else echo "staticcheck cannot be had here: skipped"; fi
    @if node -e "fetch('https://vuln.go.dev/index/modules.json', { signal: AbortSignal.timeout(5000) }).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"; \
      then go run {{ govulncheck }} ./...; else echo "govulncheck's database is out of reach here: skipped"; fi
    @echo "== web app and e2e: types, oxlint"
    @npm --prefix webapp --silent run check
    @npm --prefix webapp --silent run lint
    @npm --prefix e2e --silent run check
    @npm --prefix e2e --silent run lint

# print figures, judge nothing: switches, killed relays, first pictures, memory, CPU and latency of relay and TURN
bench: _needs build (_npm "e2e")
    @go test -run '^$' -bench . ./bridge/... ./node/... ./relay/...
    @npm --prefix e2e --silent run bench

# the same call in the mesh and through a relay, side by side, in e2e/out/compare: PARLEY_PEOPLE=8 just compare
compare: _needs build (_npm "e2e")
    @cd e2e && npx --no-install playwright test --config compare --reporter ./harness/plain.ts

# move rooms of bots to the relay and back, 1,000 times, and look for what is left behind: PARLEY_SWITCHES=100 just soak
soak: build
    @PARLEY_SWITCHES="${PARLEY_SWITCHES:-1000}" PARLEY_ROOMS="${PARLEY_ROOMS:-4}" \
      go test -count 1 -timeout 3h -v -run '^TestSwitchesLeaveNothingBehind$' ./node

# make screenshots of every view, in e2e/out
views: _needs build (_npm "e2e")
    @npm --prefix e2e --silent run views

# make the picture of the README anew
picture: _needs build (_npm "e2e")
    @npm --prefix e2e --silent run picture

# what the tests need of the system
_needs:
    @e2e/browsers.sh

_go-test:
    @echo "== go: tests with the race detector"
    @go test -race -run '^$' ./... > /dev/null # builds them all at once
    @go test -race -timeout 8m -p 1 ./...      # then one after the other: calls want the cores for themselves
    @go test -timeout 4m -count 1 -run '^TestSwitchesLeaveNothingBehind$' ./node # without: it would find a race of pion/srtp's own

_web-test: (_npm "webapp")
    @echo "== web app: tests"
    @npm --prefix webapp --silent test

# the built web app; vite runs only if something is newer than what it made last
_web: (_npm "webapp")
    @if [ ! -e webapp/dist/index.html ] || [ -n "$(find webapp/src webapp/public webapp/scripts webapp/*.html webapp/*.json webapp/*.ts webapp/*.js \
      -newer webapp/dist/index.html -print -quit)" ]; then npm --prefix webapp --silent run build; fi

# the npm packages that a folder's lock file names; installed anew only when that has changed
_npm folder:
    @if ! cmp -s {{ folder }}/package-lock.json {{ folder }}/node_modules/.installed; then \
      npm --prefix {{ folder }} ci --no-audit --no-fund && cp {{ folder }}/package-lock.json {{ folder }}/node_modules/.installed; fi
