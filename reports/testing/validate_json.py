"""Validates a JSON file against a JSON Schema: validate_json.py SCHEMA FILE. 77: the validator is not installed."""
import json
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
with open(sys.argv[2], encoding="utf-8") as file:
    document = json.load(file)
validator = jsonschema.validators.validator_for(schema)
validator.check_schema(schema)
errors = list(validator(schema).iter_errors(document))
for error in errors:
    print("/" + "/".join(str(part) for part in error.absolute_path), error.message[:300])
sys.exit(1 if errors else 0)
