#!/bin/sh
# Cargo calls this in rustc's place for the packages of the workspace (RUSTC_WORKSPACE_WRAPPER): libFuzzer is to see which
# branches an input takes, and what it was compared with. All of it is in the stable compiler; what is built from the
# registry stays as it is, and is shared with the other builds.
case " $* " in
*" --crate-type proc-macro "* | *" --crate-name build_script_"*) exec "$@" ;;
esac
exec "$@" \
    -C passes=sancov-module \
    -C llvm-args=-sanitizer-coverage-level=4 \
    -C llvm-args=-sanitizer-coverage-inline-8bit-counters \
    -C llvm-args=-sanitizer-coverage-pc-table \
    -C llvm-args=-sanitizer-coverage-trace-compares
