// A queue that must exist before a role or a subscription of Event Grid names it. The app creates its
// other queues itself.

@description('Required. Name of the account.')
param storageName string

@description('Required. Name of the queue.')
param name string

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' existing = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = {
  parent: queues
  name: name
}
