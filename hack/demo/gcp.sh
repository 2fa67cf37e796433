# shellcheck shell=bash disable=SC2034 # the variables are read by hack/demo.sh
# What is Google's in the story of hack/demo.sh.
cloud="Google Cloud" location=gcp-iowa
tools=(gcloud)
onboarding="the onboarding script with gcloud"

describe() { cat artifacts/examples/edgelocation-gcp.yaml; }

onboard() { onboard_by_script; }

# The machines that the cloud says are there, and not on their way out.
machines() {
    gcloud compute instances list --verbosity=error --format='value(name)' \
        --filter='labels.omni-edge-id:* AND status:(PROVISIONING STAGING RUNNING)'
}
listing='gcloud compute instances list …'
