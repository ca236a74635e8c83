# Databases: RDS in a private network, or servers that exist already (database_urls).

locals {
  external_databases = setintersection(keys(module.topology.databases), nonsensitive(keys(var.database_urls)))
  rds_databases      = setsubtract(keys(module.topology.databases), local.external_databases)
  databases          = merge(module.database, module.external_database)

  # None or one.
  networks = [for network in module.network : {
    subnet_ids         = network.subnet_ids
    security_group_ids = [network.functions_security_group_id]
  }]
}

module "network" {
  source = "./modules/network"
  count  = length(local.rds_databases) == 0 ? 0 : 1

  name       = local.prefix
  region     = var.region
  cidr_block = var.network_cidr_block
  multi_az   = var.database_multi_az

  # What functions call besides S3: their secret, the dead-letter queue, topics.
  services = ["secretsmanager", "sns", "sqs"]
}

module "database" {
  source   = "./modules/database"
  for_each = local.rds_databases

  name                        = module.topology.databases[each.key].name
  database_name               = module.topology.databases[each.key].key
  postgres_version            = module.topology.databases[each.key].postgres_version
  instance_class              = module.topology.databases[each.key].instance_class
  storage_gb                  = module.topology.databases[each.key].storage_gb
  max_storage_gb              = module.topology.databases[each.key].max_storage_gb
  backup_retention_days       = module.topology.databases[each.key].backup_retention_days
  multi_az                    = var.database_multi_az
  deletion_protection         = var.deletion_protection
  final_snapshot              = var.database_final_snapshot
  vpc_id                      = module.network[0].vpc_id
  subnet_ids                  = module.network[0].subnet_ids
  functions_security_group_id = module.network[0].functions_security_group_id
  log_retention_days          = var.log_retention_days
  tags                        = { pipeline = module.topology.databases[each.key].pipeline }
}

module "external_database" {
  source   = "./modules/external-database"
  for_each = local.external_databases

  name = module.topology.databases[each.key].name
  url  = var.database_urls[each.key]
  tags = { pipeline = module.topology.databases[each.key].pipeline }
}
