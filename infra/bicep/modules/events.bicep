// The events of new files: a system topic of each storage account, and a subscription that sends its
// events to the queue of run requests. The deployment grants the role of the sender beforehand.

@description('Required. Storage accounts whose new files become events: the resource id, and the region if it differs.')
param accounts array

@description('Required. Region of an account without one.')
param location string

@description('Required. Tags of the system topics.')
param tags object

@description('Required. Resource id of the identity that sends the events.')
param identityId string

@description('Required. Name of the account of definitions and runs, which has the queue.')
param dataStorageName string

@description('Required. Name of the queue.')
param queueName string

resource dataStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: dataStorageName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = [
  for account in accounts: {
    name: 'evgt-polysync-${uniqueString(account.accountId)}'
    location: account.?location ?? location
    tags: tags
    identity: {
      type: 'UserAssigned'
      userAssignedIdentities: {
        '${identityId}': {}
      }
    }
    properties: {
      source: account.accountId
      topicType: 'Microsoft.Storage.StorageAccounts'
    }
  }
]

resource subscription 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for (account, index) in accounts: {
    parent: topic[index]
    name: 'polysync'
    properties: {
      deliveryWithResourceIdentity: {
        identity: {
          type: 'UserAssigned'
          userAssignedIdentity: identityId
        }
        destination: {
          endpointType: 'StorageQueue'
          properties: {
            resourceId: dataStorage.id
            queueName: queueName
            queueMessageTimeToLiveInSeconds: 604800
          }
        }
      }
      eventDeliverySchema: 'CloudEventSchemaV1_0'
      filter: {
        includedEventTypes: [
          'Microsoft.Storage.BlobCreated'
        ]
      }
      retryPolicy: {
        eventTimeToLiveInMinutes: 1440
        maxDeliveryAttempts: 30
      }
    }
  }
]
