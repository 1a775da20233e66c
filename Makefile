# One line each: what can be done here. The work is in local/.

.DEFAULT_GOAL := help
.PHONY: help up down sam-local test faults soak fuzz arm64 package package-check bench load lint check samples fmt

help:      ## Print these lines
	@grep -E '^[a-z0-9-]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+): *(.*)## /  make \1\t/' | expand -t 24

up:        ## Start the local stack, or bring it up to date, and send a sample of each provider (WITHOUT="zip tiki" leaves some out)
	@python3 -m local up $(if $(WITHOUT),--without $(WITHOUT))

down:      ## Stop the local stack
	@python3 -m local down

sam-local: ## Run every file under events/ by sam local invoke (needs Docker and the local stack)
	@python3 -m local sam-local

test:      ## Run every check there is, end to end tests included
	@python3 -m local test

faults:    ## Run every fault of every call against the local stack's binaries, and print the table
	@python3 -m local faults

soak:      ## Send EVENTS (5000) mixed events while faults come and go, and reconcile
	@python3 -m local soak $(EVENTS)

fuzz:      ## Send hostile input into each reader for SECONDS (60), by cargo fuzz on a nightly toolchain
	@python3 -m local fuzz $(SECONDS)

bench:     ## Measure the receivers against their peers, ROUNDS (5) times, and write bench/results
	@python3 -m local bench $(ROUNDS)

load:      ## Drive the local stack, all five providers at once, for SECONDS (20), and the default Rust peer beside it
	@python3 -m local load $(SECONDS)

arm64:     ## Have the arm64 binaries answer every file under events/, in QEMU (needs the local stack)
	@python3 -m local arm64

package:   ## Pack a zip for each function and each of ARCHITECTURES ("x86_64 arm64"), and lists of what is in them, into dist/
	@python3 -m local package $(ARCHITECTURES)

package-check: ## Pack twice at two places and compare the bytes
	@python3 -m local package-check $(ARCHITECTURES)

lint:      ## Check formatting, clippy, licences and the template
	@python3 -m local lint

check:     ## Compile everything, quickly, without building it
	@cargo check --workspace --all-targets

samples:   ## Write anew what follows from payload files, types and metrics: events/, schemas/, shapes.txt, alarms and dashboard
	@cargo run --quiet --package inlet-tests --bin write-samples

fmt:       ## Format the code
	@cargo fmt --all
