package main

import "github.com/apache/flink-statefun/statefun-sdk-go/v3/pkg/statefun"

// shopRecords is the egress of receipts, notices and letters.
var shopRecords = statefun.TypeNameFrom("shop/records")

// The messages, and their types.
type (
	line struct {
		Item     string `json:"item"`
		Quantity int64  `json:"quantity"`
	}
	quantity struct {
		Quantity int64 `json:"quantity"`
	}
	item struct {
		Item string `json:"item"`
	}
	refusal struct {
		Item string `json:"item"`
		Left int64  `json:"left"`
	}
	expiration struct {
		Item   string `json:"item"`
		Number int64  `json:"number"` // of the reservation
	}
)

var (
	addType      = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Add"))
	removeType   = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Remove"))
	checkoutType = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Checkout"))
	restockType  = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Restock"))
	reserveType  = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Reserve"))
	reservedType = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Reserved"))
	refusedType  = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Refused"))
	expireType   = statefun.MakeJsonType(statefun.TypeNameFrom("shop/Expire"))
)

// receipt says what was bought.
type receipt struct {
	Shopper string `json:"shopper"`
	Number  int64  `json:"number"`
	Lines   []line `json:"lines"`
}
