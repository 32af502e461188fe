using '../main.bicep'

param environmentName = 'prod'
param location = 'westeurope'
param authClientId = '00000000-0000-4000-8000-000000000001'
param authTenantId = '00000000-0000-0000-0000-0000000000ff'
param backend = 'DurableTaskScheduler'
param deploymentName = 'Production'
param deploymentColour = 'red'
param alwaysReadyDurable = 1
param alertEmail = 'on-call@example.org'
param resourceLogs = 'All'
param fileEvents = [
  {
    accountId: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/lake/providers/Microsoft.Storage/storageAccounts/mylake'
  }
]
