#!/bin/sh
# Makes damaged copies of the samples, each of which its schema must refuse: damage.sh FOLDER
set -eu
sed 's/"entered_only":/"waived": true, "entered_only":/' "$1/go.json" > "$1/unknown-member.json"
sed 's/ time="[0-9.]*"/ time="1e3"/' "$1/go.junit" > "$1/exponent.junit"
# A copy that is not damaged would prove nothing.
! cmp -s "$1/go.json" "$1/unknown-member.json"
! cmp -s "$1/go.junit" "$1/exponent.junit"
