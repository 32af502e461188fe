@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region of the vault.')
param location string

@description('Required. Tags of the vault.')
param tags object

@description('Required. Days for which deleted items can be recovered.')
param retentionDays int

@description('Required. Resource id of the workspace that takes the audit log.')
param workspaceId string

@description('Required. Whether a deleted vault of this name is recovered.')
param recover bool

@description('Required. Whether the vault is reached through a private endpoint only.')
param privateNetworking bool

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    createMode: recover ? 'recover' : 'default'
    tenantId: tenant().tenantId
    sku: {
      family: 'A'
      name: 'standard'
    }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: retentionDays
    networkAcls: {
      bypass: 'None'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
    }
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'audit'
        enabled: true
      }
    ]
  }
}

@description('The resource id of the vault.')
output id string = vault.id

@description('The name of the vault.')
output name string = vault.name

@description('The address of the vault.')
output url string = vault.properties.vaultUri
