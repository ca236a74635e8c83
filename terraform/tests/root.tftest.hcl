# The whole, with a mocked provider: addresses, what depends on variables, and what is refused.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  # Policies are read by tests/policies.tftest.hcl, with the real provider.
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = {
      arn = "arn:aws:sqs:eu-west-1:123456789012:mocked"
      url = "https://sqs.eu-west-1.amazonaws.com/123456789012/mocked"
    }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:mocked" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/mocked" }
  }

  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:eu-west-1:123456789012:function:mocked"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/mocked/invocations"
    }
  }

  mock_resource "aws_kinesis_stream" {
    defaults = { arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/mocked" }
  }

  mock_resource "aws_api_gateway_rest_api" {
    defaults = {
      id            = "mocked"
      execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:mocked"
    }
  }

  mock_resource "aws_api_gateway_api_key" {
    defaults = { id = "mocked-key" }
  }

  mock_resource "aws_api_gateway_stage" {
    defaults = { invoke_url = "https://mocked.execute-api.eu-west-1.amazonaws.com/v1" }
  }

  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1c", "eu-west-1a", "eu-west-1b"] }
  }

  mock_resource "aws_db_instance" {
    defaults = {
      address            = "mocked.rds.amazonaws.com"
      port               = 5432
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-mocked", secret_status = "active", kms_key_id = "mocked" }]
    }
  }

  mock_resource "aws_secretsmanager_secret" {
    defaults = { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mocked" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-west-1:123456789012:key/mocked" }
  }
}

variables {
  project             = "edp"
  env                 = "dev"
  region              = "eu-west-1"
  pipeline_names      = ["plain", "empty"]
  pipelines_directory = "../test/fixtures/topology/valid"
  functions_directory = "tests/functions"
  edp_version         = "1.2.3"
}

run "outputs_are_the_address_book" {
  assert {
    condition     = output.pipelines["plain"].buckets["raw"].name != null && output.pipelines["plain"].topics["arrivals"].arn == "arn:aws:sns:eu-west-1:123456789012:mocked"
    error_message = "Buckets have a name, topics an ARN."
  }

  assert {
    condition     = output.pipelines["plain"].queues == { work = { url = "https://sqs.eu-west-1.amazonaws.com/123456789012/mocked", dlqUrl = "https://sqs.eu-west-1.amazonaws.com/123456789012/mocked" } }
    error_message = "Queues have their URL and their DLQ's."
  }

  assert {
    condition     = output.pipelines["plain"].functions == { worker = { name = "edp-dev-plain-worker", logGroup = "/aws/lambda/edp-dev-plain-worker" } }
    error_message = "Functions have a name and a log group."
  }

  assert {
    condition     = sort(keys(output.pipelines["plain"])) == tolist(["apis", "buckets", "databases", "deliveries", "functions", "queues", "streams", "tables", "topics", "undelivered"]) && output.pipelines["empty"].buckets == {}
    error_message = "The address book has exactly the kinds of AddressBook, and pipelines without things have one too."
  }

  assert {
    condition     = output.deployed_pipelines == tolist(["empty", "plain"]) && output.account_id == "123456789012" && output.region == "eu-west-1" && output.edp_version == "1.2.3"
    error_message = "Outputs say what is deployed, where, and by which edp."
  }

  assert {
    condition     = output.console_links["plain/functions/worker"] == "https://eu-west-1.console.aws.amazon.com/lambda/home?region=eu-west-1#/functions/edp-dev-plain-worker"
    error_message = "There is a console link for each function."
  }
}

run "an_emulator_has_no_console" {
  command = plan

  variables {
    endpoint_url = "http://127.0.0.1:5000"
  }

  assert {
    condition     = length(output.console_links) == 0
    error_message = "Links to the AWS console make no sense on an emulator."
  }
}

run "an_environment_may_have_no_pipeline_left" {
  command = plan

  variables {
    pipeline_names = []
  }

  assert {
    condition     = length(output.pipelines) == 0 && length(module.dashboard) == 0
    error_message = "Nothing but the alerts topic is left."
  }
}

run "topics_can_do_without_a_key" {
  command = plan

  variables {
    encrypt_topics = false
  }

  assert {
    condition     = length(module.key) == 0
    error_message = "Without encryption there is no key to pay for."
  }
}

run "a_pipeline_of_every_kind" {
  variables {
    pipeline_names      = ["shop"]
    pipelines_directory = "tests/pipelines"
    notify_emails       = ["ops@example.com"]
    upload_principals   = { "shop/inbox" = ["arn:aws:iam::210987654321:role/partner"], "other/inbox" = ["arn:aws:iam::210987654321:root"] }
  }

  assert {
    condition     = output.pipelines["shop"].apis == { store = { url = "https://mocked.execute-api.eu-west-1.amazonaws.com/v1", apiKeyId = "mocked-key" } }
    error_message = "An API has the URL of its stage, without a slash at the end, and the id of its key."
  }

  assert {
    condition     = output.pipelines["shop"].streams == { events = { name = "edp-dev-shop-events" } } && output.pipelines["shop"].deliveries == { events = { name = "edp-dev-shop-events" } } && output.pipelines["shop"].tables == { customers = { name = "edp-dev-shop-customers" } } && output.pipelines["shop"].databases == {}
    error_message = "Streams, deliveries and tables have a name."
  }

  assert {
    condition     = [for kind in ["apis/store", "streams/events", "deliveries/events", "tables/customers"] : kind if !can(output.console_links["shop/${kind}"])] == []
    error_message = "There is a console link for each."
  }
}

run "an_emulators_api_has_the_emulators_url" {
  variables {
    pipeline_names      = ["shop"]
    pipelines_directory = "tests/pipelines"
    endpoint_url        = "http://127.0.0.1:5000"
  }

  assert {
    condition     = output.pipelines["shop"].apis.store.url == "http://127.0.0.1:5000/restapis/mocked/v1/_user_request_"
    error_message = "An emulator has no host for each API."
  }
}

run "uploads_without_an_upload_prefix_are_refused" {
  command = plan

  variables {
    pipeline_names      = ["shop"]
    pipelines_directory = "tests/pipelines"
    upload_principals   = { "shop/lake" = ["arn:aws:iam::210987654321:root"] }
  }

  expect_failures = [output.pipelines]
}

run "a_database_lies_in_a_network_with_the_functions_that_use_it" {
  variables {
    pipeline_names      = ["ledger"]
    pipelines_directory = "tests/pipelines"
  }

  assert {
    condition     = output.pipelines["ledger"].databases == { books = { host = "mocked.rds.amazonaws.com", port = 5432, name = "books", secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-mocked" } }
    error_message = "A database has its server's host and port, its name, and the secret that RDS made."
  }

  assert {
    condition     = length(module.network) == 1 && keys(module.database) == ["ledger/books"] && module.external_database == {}
    error_message = "There is one network and one server."
  }
}

run "a_database_by_url_needs_no_network" {
  variables {
    pipeline_names      = ["ledger"]
    pipelines_directory = "tests/pipelines"
    database_urls       = { "ledger/books" = "postgresql://us%40er:p%25w@db.example.com/accounts?sslmode=require" }
  }

  assert {
    condition     = output.pipelines["ledger"].databases == { books = { host = "db.example.com", port = 5432, name = "accounts", secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mocked" } }
    error_message = "The address is that of the URL, without what is secret in it."
  }

  assert {
    condition     = length(module.network) == 0 && module.database == {}
    error_message = "Nothing is made for it but a secret."
  }
}

run "a_database_url_has_user_password_host_and_name" {
  command = plan

  variables {
    pipeline_names      = ["ledger"]
    pipelines_directory = "tests/pipelines"
    database_urls       = { "ledger/books" = "postgresql://db.example.com/accounts" }
  }

  expect_failures = [var.database_urls]
}

run "variables_of_a_deployment_are_checked" {
  command = plan

  variables {
    notify_emails     = ["nobody"]
    upload_principals = { inbox = [] }
  }

  expect_failures = [var.notify_emails, var.upload_principals]
}

run "project_is_checked" {
  command = plan
  variables {
    project = "Edp"
  }
  expect_failures = [var.project]
}

run "local_is_no_environment_on_aws" {
  command = plan
  variables {
    env = "local"
  }
  expect_failures = [var.env]
}

run "region_is_checked" {
  command = plan
  variables {
    region = "europe"
  }
  expect_failures = [var.region]
}

run "account_is_checked" {
  command = plan
  variables {
    account_id = "42"
  }
  expect_failures = [var.account_id]
}

run "absolute_directories_are_refused" {
  command = plan
  variables {
    pipelines_directory = "/tmp"
    functions_directory = "/tmp"
  }
  expect_failures = [var.pipelines_directory, var.functions_directory]
}

run "an_address_without_at_is_refused" {
  command = plan
  variables {
    alert_email = "nobody"
  }
  expect_failures = [var.alert_email]
}

run "an_endpoint_with_a_path_is_refused" {
  command = plan
  variables {
    endpoint_url = "http://127.0.0.1:5000/aws"
  }
  expect_failures = [var.endpoint_url]
}

run "a_retention_that_cloudwatch_does_not_know_is_refused" {
  command = plan
  variables {
    log_retention_days = 31
  }
  expect_failures = [var.log_retention_days]
}

run "tags_of_our_own_are_refused" {
  command = plan
  variables {
    tags = { pipeline = "mine" }
  }
  expect_failures = [var.tags]
}

run "functions_that_are_named_run_images_from_repositories_of_their_own" {
  command = plan

  variables {
    images = { "plain/worker" = "0000000000000000000000000000000000000000000000000000000000000000" }
  }

  assert {
    condition     = keys(module.repository) == ["plain/worker"]
    error_message = "Every function with an image has a repository, and no other."
  }
}

run "an_image_with_another_tag_than_a_hash_is_refused" {
  command = plan
  variables {
    images = { "plain/worker" = "latest" }
  }
  expect_failures = [var.images]
}
