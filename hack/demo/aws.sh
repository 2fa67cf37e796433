# shellcheck shell=bash disable=SC2034 # the variables are read by hack/demo.sh
# What is Amazon's in the story of hack/demo.sh.
cloud="AWS" location=aws-oregon
tools=(aws)
onboarding="the onboarding script with the AWS CLI"

describe() { cat artifacts/examples/edgelocation.yaml; }

onboard() { onboard_by_script; }

# The machines that the cloud says are there, and not on their way out.
machines() {
    aws ec2 describe-instances --output text --query 'Reservations[].Instances[].InstanceId' \
        --filters Name=tag-key,Values=omni.cast.ai/edge-id Name=instance-state-name,Values=pending,running
}
listing='aws ec2 describe-instances …'
