using '../main.bicep'

param environmentName = 'private'
param location = 'westeurope'
param authClientId = '00000000-0000-4000-8000-000000000001'
param authTenantId = '00000000-0000-0000-0000-0000000000ff'
param authAllowedApplications = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'
param privateNetworking = true
param privateHosts = 'vault.example.org'
param accessKeys = 'data-factory:Polysync.Operator:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
param vaultOfficerId = '00000000-0000-4000-8000-000000000002'
param actForUsers = true
param databricksHost = 'https://adb-1234567890123456.7.azuredatabricks.net'
param databricksJobs = {
  DATABRICKS_JOB_NIGHTLY: '123'
}
param resourceLogs = 'Changes'
param allowedOrigins = [
  'https://app.example.com'
]
param fileEvents = [
  {
    accountId: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/mylake'
  }
]
