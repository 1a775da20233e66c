# One line for each command. The work is in local/.

.DEFAULT_GOAL := help
.PHONY: help up order down sam-local test faults soak flood fuzz arm64 package package-check bench load lint check dist dist-check samples types packages fmt

help:      ## Print this list
	@grep -E '^[a-z0-9-]+: .*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+): *(.*)## /  make \1\t/' | expand -t 24

up:        ## Start or update the local stack, and send a sample of each provider (WITHOUT="zip tiki" leaves some out; CONSUMER=folder or URL attaches your code)
	@python3 -m local up $(if $(WITHOUT),--without $(WITHOUT)) $(if $(CONSUMER),--consumer $(CONSUMER))

order:     ## Send a Zid order that changes twice to the local stack, and print your function's log
	@python3 -m local order

down:      ## Stop the local stack
	@python3 -m local down

sam-local: ## Run every file under events/ with sam local invoke (needs Docker and the local stack)
	@python3 -m local sam-local

test:      ## Run every check, including the end-to-end tests
	@python3 -m local test

faults:    ## Inject every fault into every call of the local stack's binaries, and print the table
	@python3 -m local faults

soak:      ## Send EVENTS (5000) mixed events while faults are injected, and reconcile
	@python3 -m local soak $(EVENTS)

flood:     ## Flood 24 receivers with invented store names, with Parameter Store's rate limit in front of it
	@python3 -m local flood

fuzz:      ## Fuzz each parser for SECONDS (60) with cargo fuzz on a nightly toolchain
	@python3 -m local fuzz $(SECONDS)

bench:     ## Measure the receivers against their peers, ROUNDS (5) times, and write bench/results
	@python3 -m local bench $(ROUNDS)

load:      ## Send to the local stack as all five providers for SECONDS (20), and to the default Rust peer
	@python3 -m local load $(SECONDS)

arm64:     ## Run the arm64 binaries in QEMU with every file under events/ (needs the local stack)
	@python3 -m local arm64

dist:      ## Build a release into dist/ for each of ARCHITECTURES (all that this machine can compile): command, wheel, packages
	@python3 -m local dist $(ARCHITECTURES)

dist-check: ## Install and run the command in dist/, and deploy its archive twice to the local stack, use and delete both
	@python3 -m local dist-check

package:   ## Pack a zip of each function for each of ARCHITECTURES ("x86_64 arm64") with its bill of materials into dist/
	@python3 -m local package $(ARCHITECTURES)

package-check: ## Pack twice in two folders and compare the bytes
	@python3 -m local package-check $(ARCHITECTURES)

lint:      ## Check formatting, clippy, dependencies and the template
	@python3 -m local lint

check:     ## Type-check all code without building it
	@cargo check --workspace --all-targets

samples:   ## Regenerate events/, packages/samples/, schemas/, shapes.txt, and the generated parts of the template, docs/events.md and local/
	@cargo run --quiet --bin xtask

types:     ## Regenerate the types of packages/ from schemas/ (a change of the schemas needs a new version of the packages)
	@python3 -m local types

packages:  ## Build the packages for consumers, a wheel and an npm archive, into dist/
	@python3 -m local packages

fmt:       ## Format the code
	@cargo fmt --all
