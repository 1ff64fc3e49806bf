locals {
  users = {
    ada   = { team = "core", admin = true }
    bob   = { team = "web", admin = false }
    carol = { team = "web", admin = true }
  }
  names   = [for name, user in local.users : upper(name) if user.admin]
  by_team = { for name, user in local.users : user.team => name... }
  nested  = [for team in keys(local.by_team) : { for name in local.by_team[team] : name => { team = team } }]
  grouped_if = {
    for name, user in local.users :
    user.team => name...
    if user.admin
  }
  splat = values(local.users)[*].team
}
