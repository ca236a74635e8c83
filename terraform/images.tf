locals {
  with_image = { for id, function in module.topology.functions : id => function if contains(keys(var.images), id) }
}

# One for each function: of a shared one, a function that changes often would push out another's last image.
module "repository" {
  source   = "./modules/repository"
  for_each = local.with_image

  name         = each.value.name
  function_arn = "arn:${local.partition}:lambda:${var.region}:${local.account_id}:function:${each.value.name}"
  tags         = { pipeline = each.value.pipeline }
}

# An image has to be there before the function that runs it, and its repository before the image: edp makes
# repositories that are missing, pushes, and only then lets Terraform take them over.
import {
  for_each = { for id, function in local.with_image : id => function.name if contains(var.existing_repositories, id) }
  to       = module.repository[each.key].aws_ecr_repository.this
  id       = each.value
}
