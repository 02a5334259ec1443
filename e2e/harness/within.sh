#!/bin/sh
# A Chromium inside a network namespace: lab.ts says which.
exec ip netns exec "$PARLEY_NETNS" "$PARLEY_CHROMIUM" "$@"
