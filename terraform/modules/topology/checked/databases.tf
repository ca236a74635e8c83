# What RDS demands of a database's name, of its identifier and of its storage: src/topology/check-databases.ts.

locals {
  database_faults = concat(
    [for one in local.things.databases : "${one.at}: must be letters and digits only: it is the name of the database" if !can(regex("^[a-z][a-z0-9]*$", one.key))],
    [
      for one in local.things.databases : "${one.at}: is the name of a database that every server has: choose another"
      if contains(["postgres", "rdsadmin", "template0", "template1"], one.key)
    ],
    [
      for one in local.things.databases :
      "${one.at}: can't be the identifier ${one.pipeline}-${one.key}: RDS takes no two hyphens in a row"
      if can(regex("--|-$", one.pipeline))
    ],
    [for one in local.things.databases : "${one.at}.maxStorageGb: must be at least storageGb (${one.thing.storageGb})" if one.thing.maxStorageGb < one.thing.storageGb],
  )
}
