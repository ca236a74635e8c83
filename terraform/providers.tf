locals {
  emulated = var.endpoint_url != null
}

provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]

  # An emulator has no instance metadata, no real credentials and one host for every bucket.
  s3_use_path_style           = local.emulated
  skip_credentials_validation = local.emulated
  skip_metadata_api_check     = local.emulated
  skip_region_validation      = local.emulated

  endpoints {
    apigateway     = var.endpoint_url
    cloudwatch     = var.endpoint_url
    cloudwatchlogs = var.endpoint_url
    dynamodb       = var.endpoint_url
    ec2            = var.endpoint_url
    ecr            = var.endpoint_url
    events         = var.endpoint_url
    firehose       = var.endpoint_url
    iam            = var.endpoint_url
    kinesis        = var.endpoint_url
    kms            = var.endpoint_url
    lambda         = var.endpoint_url
    rds            = var.endpoint_url
    s3             = var.endpoint_url
    secretsmanager = var.endpoint_url
    sns            = var.endpoint_url
    sqs            = var.endpoint_url
    sts            = var.endpoint_url
  }

  default_tags {
    tags = merge(var.tags, {
      project    = var.project
      env        = var.env
      managed-by = "edp"
    })
  }
}
