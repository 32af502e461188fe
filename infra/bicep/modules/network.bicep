@description('Required. Name of the virtual network.')
param name string

@description('Required. Region of the network.')
param location string

@description('Required. Tags of all resources.')
param tags object

@description('Required. Address space of the network, at least a /24.')
param addressPrefix string

@description('Required. Resource id of the account of the Functions host.')
param hostStorageId string

@description('Required. Resource id of the account of definitions and runs.')
param dataStorageId string

@description('Required. Resource id of the vault.')
param vaultId string

var zones = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
}

var endpoints = [
  {
    name: 'host-blob'
    kind: 'blob'
    target: hostStorageId
  }
  {
    name: 'host-queue'
    kind: 'queue'
    target: hostStorageId
  }
  {
    name: 'host-table'
    kind: 'table'
    target: hostStorageId
  }
  {
    name: 'data-queue'
    kind: 'queue'
    target: dataStorageId
  }
  {
    name: 'data-table'
    kind: 'table'
    target: dataStorageId
  }
  {
    name: 'vault'
    kind: 'vault'
    target: vaultId
  }
]

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [
        addressPrefix
      ]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          // The Flex Consumption plan requires this delegation for its outbound subnet.
          delegations: [
            {
              name: 'flex'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for each in items(zones): {
    name: each.value
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (each, index) in items(zones): {
    parent: zone[index]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: {
        id: network.id
      }
    }
  }
]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for each in endpoints: {
    name: '${name}-${each.name}'
    location: location
    tags: tags
    properties: {
      subnet: {
        id: '${network.id}/subnets/endpoints'
      }
      privateLinkServiceConnections: [
        {
          name: each.name
          properties: {
            privateLinkServiceId: each.target
            groupIds: [
              each.kind
            ]
          }
        }
      ]
    }
  }
]

resource zoneGroup 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (each, index) in endpoints: {
    parent: endpoint[index]
    name: 'default'
    dependsOn: [
      zone
    ]
    properties: {
      privateDnsZoneConfigs: [
        {
          name: each.kind
          properties: {
            privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zones[each.kind])
          }
        }
      ]
    }
  }
]

@description('The subnet for outbound traffic of the app.')
output appSubnetId string = '${network.id}/subnets/app'
