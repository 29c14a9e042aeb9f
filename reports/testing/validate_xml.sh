#!/bin/sh
# Validates an XML file against an XSD: validate_xml.sh SCHEMA FILE. 77: xmllint is not installed.
command -v xmllint >/dev/null || { echo "xmllint is not installed"; exit 77; }
exec xmllint --noout --nonet --schema "$1" "$2"
