// The app and the Functions host create their queues and tables themselves, as on one machine. The app
// creates new tables every month.

@description('Required. Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region of the account.')
param location string

@description('Required. Tags of the account.')
param tags object

@description('Required. Redundancy of the account.')
param sku string

@description('Required. Resource id of the workspace that takes the logs.')
param workspaceId string

@description('Required. Categories of logs of each service; empty for none.')
param logs array

@description('Required. Whether the account is reached through private endpoints only.')
param privateNetworking bool

@description('Optional. Blob containers to create.')
param containers array = []

@description('Optional. Whether trusted services of Azure, such as Event Grid, reach the account.')
param trustedServices bool = false

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: sku
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    networkAcls: {
      bypass: trustedServices ? 'AzureServices' : 'None'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' = {
  parent: account
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2023-05-01' = {
  parent: account
  name: 'default'
}

var settings = {
  workspaceId: workspaceId
  logs: map(logs, category => { category: category, enabled: true })
}

resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logs)) {
  name: 'logs'
  scope: blobs
  properties: settings
}

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logs)) {
  name: 'logs'
  scope: queues
  properties: settings
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logs)) {
  name: 'logs'
  scope: tables
  properties: settings
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [
  for containerName in containers: {
    parent: blobs
    name: containerName
    properties: {
      publicAccess: 'None'
    }
  }
]

@description('The resource id of the account.')
output id string = account.id

@description('The name of the account.')
output name string = account.name
