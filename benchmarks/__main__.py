"""`make bench`: every workload on the tests' own servers, in a database of its own; one JSON object."""

import json

from tests import environment  # before Django: it says where the servers are

environment.begin()

import django

django.setup()

from benchmarks import save_a_form, site_policies, study  # after setup, as models are

if __name__ == "__main__":
    with study.built(environment.DATABASE) as (participant, nurse):
        found = {"save_a_form": save_a_form.run(participant, nurse)}
        found["site_policies"] = site_policies.run(participant, nurse)
        print(json.dumps(found, indent=1))
