terraform {
  required_version = ">= 1.10"

  required_providers {
    # Without a host, so that OpenTofu takes it from its own registry.
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}
